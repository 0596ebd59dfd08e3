package backfill.run;

import backfill.plan.Step;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.TooManyRejectedException;
import backfill.report.Command;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.StepReportBuilder;
import backfill.report.Stopping;
import backfill.spark.query.QueryFailure;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/** How a run ended, whatever ended it: its status, its exit code, and what people are told. */
final class RunEnd {
  private final RunScope run;

  RunEnd(RunScope run) {
    this.run = run;
  }

  void finish(Command command) {
    Report report = run.report.now();
    long missing = sum(report, StepReport::missing);
    if (missing > 0) {
      String message =
          missing(report, missing) + "; look at each step's missing before you run anything again";
      run.report.failed(
          ExitCode.MISSING,
          new Report.Failure(Stage.VERIFY.toString(), null, null, message, false));
      run.progress.warn("verify: " + message);
      return;
    }
    long unfit = sum(report, StepReport::rejected);
    // Of the two that end so, a check counts no rows.
    if (command.success == RunStatus.DRY_RUN
        && report.outcome().wouldRefuse() == null
        && unfit > run.plan.limits().rejectedRows()) {
      run.report.wouldRefuse(ExitCode.WRITE_FAILED);
      run.warn(
          "a run would be refused: %s cannot be written, and limits.rejected-rows is %d"
              .formatted(Sentences.rows(unfit), run.plan.limits().rejectedRows()));
    }
    if (run.report.rejectedForTheData() > 0) {
      run.report.succeeded(RunStatus.SUCCEEDED, ExitCode.REJECTED);
      return;
    }
    run.report.succeeded(command.success, ExitCode.DONE);
  }

  private static long sum(Report report, Function<StepReport, Long> count) {
    return report.steps().stream().map(count).filter(Objects::nonNull).mapToLong(n -> n).sum();
  }

  private static String missing(Report report, long count) {
    if (fillsMiss(report)) {
      return count == 1
          ? "1 row that the sources justify is not in its table"
          : count + " rows that the sources justify are not in their table";
    }
    return count == 1
        ? "1 row or definition is not as the plan wants it"
        : count + " rows or definitions are not as the plan wants them";
  }

  private static boolean fillsMiss(Report report) {
    return report.steps().stream()
        .anyMatch(s -> s.step() instanceof Step.Fill && s.missing() != null && s.missing() > 0);
  }

  /** A failure ended it, which may be that it was asked to stop. */
  void broke(Throwable failure) {
    run.stopping.reason().ifPresentOrElse(reason -> stop(reason, failure), () -> fail(failure));
  }

  /** Everything of the run has come to a standstill: what the writers committed is final. */
  private void stop(Stopping.Reason reason, Throwable failure) {
    StepReport at = run.current() == null ? null : run.current().now();
    if (at != null && !at.isOver(run.stage())) {
      if (at.isBeingWritten()) {
        countCommitted(run.current());
      }
      run.current().stopped();
    }
    run.report.stopped(reason.code());
    Sentences.explainStop(reason, run.stage(), at, failure, run.progress);
  }

  private void fail(Throwable failure) {
    ExitCode code = ExitCode.of(failure, run.stage());
    if (run.current() != null) {
      if (code == ExitCode.REFUSED) {
        run.current().refused();
      } else {
        run.current().failed();
      }
      countCommitted(run.current());
    }
    Optional<QueryFailure> query = QueryFailure.in(failure);
    Report.Failure error =
        new Report.Failure(
            run.stage().toString(),
            run.current() == null ? null : run.current().step().name(),
            query.map(QueryFailure::sqlState).or(() -> SqlFailure.sqlState(failure)).orElse(null),
            query
                .map(told -> told.sentence(run.plan))
                .orElseGet(() -> Sentences.failure(counted(failure))),
            code.retryable(failure));
    run.report.failed(code, error);
    Sentences.explain(failure, code, error, run.progress);
  }

  /** The writer that stopped first knew its own rejected rows only; now those of all are known. */
  private Throwable counted(Throwable failure) {
    List<Rejection> rejections = run.current() == null ? null : run.current().now().rejections();
    if (TooManyRejectedException.in(failure) && rejections != null) {
      try {
        TooManyRejectedException.check(
            run.report.rejectedForTheData(), run.plan.limits().rejectedRows(), rejections);
      } catch (TooManyRejectedException all) {
        return all;
      }
    }
    return failure;
  }

  /** What the batches did that are in, though the step is not done. */
  private void countCommitted(StepReportBuilder step) {
    if (run.stage() != Stage.WRITE || step.now().isCounted() || step.step() instanceof Step.Ddl) {
      return;
    }
    try {
      // Tasks of it may still be writing.
      run.ledger().seal();
      if (step.step() instanceof Step.Fill fill) {
        run.ledger().counts(fill).ifPresentOrElse(step::written, run.report::inexact);
        step.sentAgain();
        return;
      }
      run.ledger().counts(step.step().name()).ifPresentOrElse(step::written, run.report::inexact);
      if (step.step().deletes()) {
        run.ledger().cascaded(step.step().name()).ifPresent(step::cascaded);
      }
    } catch (RunLedger.LedgerException e) {
      run.report.inexact();
    }
  }
}
