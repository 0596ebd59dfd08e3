package backfill.run;

import backfill.plan.Step;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.TooManyRejected;
import backfill.report.Command;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.Stopping;
import backfill.spark.query.QueryFailure;
import java.util.Optional;

/** How a run ended, whatever ended it: its status, its exit code, and what people are told. */
final class RunEnd {
  private final RunScope run;

  RunEnd(RunScope run) {
    this.run = run;
  }

  void finish(Command command) {
    long missing =
        run.report.steps.stream().mapToLong(s -> s.missing == null ? 0 : s.missing).sum();
    if (missing > 0) {
      String message =
          missing(missing) + "; look at each step's missing before you run anything again";
      end(RunStatus.FAILED, ExitCode.MISSING);
      run.report.error = new Report.Failure(Stage.VERIFY.toString(), null, null, message, false);
      run.progress.warn("verify: " + message);
      return;
    }
    long unfit =
        run.report.steps.stream().mapToLong(s -> s.rejected == null ? 0 : s.rejected).sum();
    if (command.foretells()
        && run.report.wouldRefuse == null
        && unfit > run.plan.limits().rejectedRows()) {
      run.report.wouldRefuse = ExitCode.WRITE_FAILED.number();
      run.warn(
          "a run would be refused: %s cannot be written, and limits.rejected-rows is %d"
              .formatted(Sentences.rows(unfit), run.plan.limits().rejectedRows()));
    }
    if (run.rejectedForTheData() > 0) {
      end(RunStatus.SUCCEEDED, ExitCode.REJECTED);
      return;
    }
    end(command.success, ExitCode.DONE);
  }

  private String missing(long count) {
    if (fillsMiss()) {
      return count == 1
          ? "1 row that the sources justify is not in its table"
          : count + " rows that the sources justify are not in their table";
    }
    return count == 1
        ? "1 row or definition is not as the plan wants it"
        : count + " rows or definitions are not as the plan wants them";
  }

  private boolean fillsMiss() {
    return run.report.steps.stream()
        .anyMatch(s -> s.step() instanceof Step.Fill && s.missing != null && s.missing > 0);
  }

  /** A failure ended it, which may be that it was asked to stop. */
  void broke(Throwable failure) {
    run.stopping.reason().ifPresentOrElse(reason -> stop(reason, failure), () -> fail(failure));
  }

  /** Everything of the run has come to a standstill: what the writers committed is final. */
  private void stop(Stopping.Reason reason, Throwable failure) {
    if (run.current() != null && !run.current().isOver(run.stage())) {
      if (run.current().isBeingWritten()) {
        countCommitted(run.current());
      }
      run.current().status = StepStatus.STOPPED;
    }
    end(RunStatus.STOPPED, reason.code());
    Sentences.explainStop(reason, run.stage(), run.current(), failure, run.progress);
  }

  private void fail(Throwable failure) {
    ExitCode code = ExitCode.of(failure, run.stage());
    if (run.current() != null) {
      run.current().status = code == ExitCode.REFUSED ? StepStatus.REFUSED : StepStatus.FAILED;
      countCommitted(run.current());
    }
    Optional<QueryFailure> query = QueryFailure.in(failure);
    run.report.error =
        new Report.Failure(
            run.stage().toString(),
            run.current() == null ? null : run.current().name,
            query.map(QueryFailure::sqlState).or(() -> SqlFailure.sqlState(failure)).orElse(null),
            query
                .map(told -> told.sentence(run.plan))
                .orElseGet(() -> Sentences.failure(counted(failure))),
            code.retryable(failure));
    end(code == ExitCode.REFUSED ? RunStatus.REFUSED : RunStatus.FAILED, code);
    Sentences.explain(failure, code, run.report.error, run.progress);
  }

  /** The writer that stopped first knew its own rejected rows only; now those of all are known. */
  private Throwable counted(Throwable failure) {
    if (TooManyRejected.in(failure) && run.current() != null && run.current().rejections != null) {
      try {
        TooManyRejected.check(
            run.rejectedForTheData(), run.plan.limits().rejectedRows(), run.current().rejections);
      } catch (TooManyRejected all) {
        return all;
      }
    }
    return failure;
  }

  /** What the batches did that are in, though the step is not done. */
  private void countCommitted(StepReport step) {
    if (run.stage() != Stage.WRITE || step.isCounted() || step.step() instanceof Step.Ddl) {
      return;
    }
    try {
      // Tasks of it may still be writing.
      run.ledger().seal();
      if (step.step() instanceof Step.Fill fill) {
        run.ledger()
            .counts(fill)
            .ifPresentOrElse(step::written, () -> run.report.countsExact = false);
        step.sentAgain();
        return;
      }
      run.ledger()
          .counts(step.name)
          .ifPresentOrElse(step::written, () -> run.report.countsExact = false);
      if (step.step().deletes()) {
        run.ledger().cascaded(step.name).ifPresent(along -> step.cascaded = along);
      }
    } catch (RunLedger.LedgerFailure e) {
      run.report.countsExact = false;
    }
  }

  private void end(RunStatus status, ExitCode code) {
    run.report.status = status;
    run.report.exitCode = code.number();
  }
}
