package backfill.run;

import backfill.plan.Limits;
import backfill.plan.Step;
import backfill.postgres.change.BatchesCount;
import backfill.postgres.change.BatchesRun;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.Changes;
import backfill.postgres.change.DdlRun;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.preflight.ChangeCheck;
import backfill.postgres.write.TooManyRejected;
import backfill.report.Command;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One step that changes the database from within, on its way through the stages. */
final class ChangeTurn {
  private final RunScope run;
  private final Step.Change step;
  private final ChangeScope scope;
  private final Changes changes;
  private final Command command;
  private final StepReport report;

  ChangeTurn(RunScope run, Step.Change step, ChangeScope scope, Changes changes, Command command) {
    this.run = run;
    this.step = step;
    this.scope = scope;
    this.changes = changes;
    this.command = command;
    this.report = run.reportOf(step);
  }

  /** What is done in a stage. */
  private interface Work {
    void run() throws Exception;
  }

  void run() throws Exception {
    if (step instanceof Step.Ddl ddl) {
      ddl(ddl);
    } else if (command == Command.RUN) {
      batches((Step.Batches) step);
    } else {
      foretell((Step.Batches) step);
      report.status = StepStatus.DONE;
    }
  }

  /** What the guards refuse of it, counted before anything of the run is written. */
  List<Refusal> count() throws Exception {
    if (step instanceof Step.Batches batches) {
      foretell(batches);
      return refusals();
    }
    return List.of();
  }

  private void foretell(Step.Batches batches) throws Exception {
    timed(
        Stage.DIFF,
        () -> {
          run.enter(Stage.DIFF, step, step.name(), 0);
          BatchesCount.Foretold foretold = BatchesCount.foretell(scope, changes, batches);
          report.foretold(batches, foretold);
          if (command == Command.VERIFY) {
            report.missing = foretold.rows().orElse(null);
          }
          if (foretold.unknown() != null) {
            run.warn("diff " + step.name() + ": not counted: " + foretold.unknown());
          }
          run.progress.say("diff " + step.name() + ": " + Sentences.foretold(report));
        });
    if (command == Command.PLAN) {
      refusals().forEach(run::wouldRefuse);
    }
  }

  private List<Refusal> refusals() {
    return step.deletes()
        ? run.guards.deletions(step, report.toDelete, report.cascaded).stream().toList()
        : run.guards.set(step, report.toUpdate).stream().toList();
  }

  private void batches(Step.Batches batches) throws Exception {
    run.enter(Stage.WRITE, step, step.name(), 0);
    Changes now = ChangeCheck.recheck(scope, batches);
    try (BatchesRun work =
        new BatchesRun(
            scope, changes, batches, run.ledger().slot(step.name()), run.rejectedForTheData())) {
      timed(Stage.DIFF, () -> count(batches, now, work));
      run.refuse(refusals());
      timed(Stage.WRITE, () -> write(batches, work));
      sayWritten();
      timed(
          Stage.VERIFY,
          () -> {
            run.enter(Stage.VERIFY, step, step.name(), 0);
            long before = work.looks();
            BatchesRun.Remaining remaining = work.verify();
            report.missing = remaining.missing();
            report.addedMeanwhile = remaining.addedMeanwhile();
            report.sent(work.looks() - before);
            run.progress.say("verify " + step.name() + ": " + Sentences.remaining(remaining));
          });
    }
  }

  /** Its cascades are looked for where a limit asks: that may read the tables behind it whole. */
  private void count(Step.Batches batches, Changes now, BatchesRun work) throws Exception {
    run.enter(Stage.DIFF, step, step.name(), 0);
    if (batches.deletes() && run.plan.limits().most(Limits.Bound.ROWS_DELETED, step).isPresent()) {
      report.foretold(batches, BatchesCount.now(scope, now, batches));
    } else {
      report.counted(batches, work.left());
    }
    run.progress.say("diff " + step.name() + ": " + Sentences.foretold(report));
  }

  private void write(Step.Batches batches, BatchesRun work) throws Exception {
    run.enter(Stage.WRITE, step, step.name(), report.toWrite());
    run.progress.count(work::rows);
    report.status = StepStatus.WRITING;
    try {
      if (report.toWrite() > 0) {
        work.run(run.stopping::check);
      }
    } finally {
      report.cascaded =
          work.cascaded().orElse(batches.deletes() && report.toWrite() == 0 ? Map.of() : null);
      report.sent(work.looks());
    }
    WriteCounts counts = run.ledger().counts(step.name()).orElse(work.counts());
    report.written(counts);
    if (report.cascaded != null) {
      report.cascaded = run.ledger().cascaded(step.name()).orElse(report.cascaded);
    } else if (batches.deletes()) {
      run.warn(
          "write "
              + step.name()
              + ": what went along is not known: the server has track_counts off");
    }
    report.status = StepStatus.DONE;
  }

  /** How it went, once the time that it took is known. */
  private void sayWritten() {
    run.progress.say("write " + step.name() + ": " + Sentences.written(report));
    if (report.rejected > 0) {
      run.progress.warn("write " + step.name() + ": " + Sentences.rejected(report));
    }
    TooManyRejected.check(
        run.rejectedForTheData(), run.plan.limits().rejectedRows(), report.rejections);
  }

  private void ddl(Step.Ddl ddl) throws Exception {
    DdlRun work =
        new DdlRun(
            scope, ddl, command == Command.RUN ? run.ledger().slot(step.name()) : Optional.empty());
    if (command == Command.RUN) {
      timed(
          Stage.WRITE,
          () -> {
            run.enter(Stage.WRITE, step, step.name(), 0);
            report.status = StepStatus.WRITING;
            try {
              work.run(run.stopping::check);
            } finally {
              report.sent(work.sent());
              report.retries = (long) work.retries();
            }
            report.status = StepStatus.DONE;
            run.progress.say(
                "write "
                    + step.name()
                    + ": "
                    + (work.sent() == 0 ? "nothing to do" : "done, " + statements(work.sent())));
          });
    }
    timed(
        command == Command.PLAN ? Stage.DIFF : Stage.VERIFY,
        () -> {
          run.enter(command == Command.PLAN ? Stage.DIFF : Stage.VERIFY, step, step.name(), 0);
          Optional<String> toDo = goesLater(ddl) ? Optional.empty() : work.toDo();
          if (command != Command.PLAN) {
            report.missing = toDo.isPresent() ? 1L : 0L;
          }
          run.progress.say(
              (command == Command.PLAN ? "diff " : "verify ")
                  + step.name()
                  + ": "
                  + toDo.map(what -> "to do: " + what).orElse("nothing to do"));
        });
    report.status = StepStatus.DONE;
  }

  /** What a later step takes away again is not missed once that has run. */
  private boolean goesLater(Step.Ddl ddl) {
    int own = scope.steps().indexOf(ddl);
    return command == Command.VERIFY
        && ddl.definition() instanceof Step.Creates
        && scope.steps().stream()
            .skip(own + 1L)
            .anyMatch(
                later ->
                    later instanceof Step.Ddl other
                        && other.definition() instanceof Step.Drops
                        && other.target().equals(ddl.target()));
  }

  private static String statements(int sent) {
    return sent == 1 ? "1 statement" : sent + " statements";
  }

  private void timed(Stage timed, Work work) throws Exception {
    long started = System.nanoTime();
    try {
      work.run();
    } finally {
      report.spent(timed, (System.nanoTime() - started) / 1_000_000);
    }
  }
}
