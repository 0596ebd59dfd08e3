package backfill.run;

import backfill.hook.RunHooks;
import backfill.plan.Limits;
import backfill.plan.Settings;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.Waits;
import backfill.postgres.throttle.Throttling;
import backfill.postgres.undo.Undo;
import backfill.postgres.undo.WritableServer;
import backfill.report.ExitCode;
import backfill.report.Progress;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.report.Stopping;
import backfill.report.UndoReport;
import backfill.spark.engine.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes a run back, stage by stage: what cannot come back is said first, then it is counted, then
 * written in batches. Whatever happens, the report says it.
 */
public final class UndoRun {
  /**
   * What is asked for.
   *
   * @param run the run's number, or its beginning
   * @param execute whether to write
   * @param plan whose hooks are called, which must be the run's; empty where none is named
   */
  public record Asked(String run, boolean execute, Optional<String> plan) {}

  /** As much of a run's number as is shown among the names of sessions. */
  private static final int SHORT_NUMBER = 8;

  private final Database database;
  private final Settings settings;
  private final Limits limits;
  private final ReportBuilder report;
  private final Progress progress;
  private final Stopping stopping;
  private final String applicationName;
  private final RunHooks hooks;
  private final List<Undo.Done> done = new ArrayList<>();
  private final AtomicLong rows = new AtomicLong();
  private Undo undo;
  private RunLedger ledger = RunLedger.off();
  private Stage stage = Stage.PREFLIGHT;

  public UndoRun(
      Database database,
      Settings settings,
      Limits limits,
      ReportBuilder report,
      Progress progress,
      Stopping stopping) {
    this.database = database;
    this.settings = settings;
    this.limits = limits;
    this.report = report;
    this.progress = progress;
    this.stopping = stopping;
    this.hooks = new RunHooks(settings.hooks(), report, progress, stopping);
    this.applicationName = "backfill undo " + report.runId().substring(0, SHORT_NUMBER);
  }

  /** Looks at a run, or takes it back. */
  public void run(Asked asked) {
    NamedDatabases databases = NamedDatabases.only(database);
    Session none = Session.whenAsked(applicationName, "UTC");
    try (RunStopper brake = new RunStopper(stopping, none, databases, applicationName, progress);
        Waits waits = new Waits(databases, applicationName)) {
      brake.ready();
      progress.watch(waits);
      preflight(asked);
      if (asked.execute()) {
        execute();
      } else {
        look();
        report.succeeded(RunStatus.DRY_RUN, ExitCode.DONE);
      }
    } catch (
        Throwable failure) { // NOPMD: the command's one place where anything becomes an exit code
      broke(failure);
    } finally {
      told(asked.execute());
      progress.watch(null);
      close();
      if (asked.execute()) {
        hooks.ended();
      }
    }
  }

  private void preflight(Asked asked) {
    enter(Stage.PREFLIGHT, "the ledger", 0);
    undo = Undo.find(database, applicationName, settings, asked.run());
    report.about(undo.run().plan(), undo.run().planHash());
    progress.say(
        "preflight: run %s of plan %s, begun %s, %s"
            .formatted(
                undo.run().runId(),
                undo.run().plan(),
                undo.run().startedAt(),
                undo.isEmpty() ? "wrote nothing" : undo.run().status()));
    undo.cannot().forEach(sentence -> progress.warn("cannot come back: " + sentence));
    asked.plan().ifPresent(this::checkPlan);
    undo.checkRights();
    if (asked.execute()) {
      checkHooks(asked);
    }
  }

  /** What another plan has called knows nothing of this one. */
  private void checkPlan(String named) {
    if (!named.equals(undo.run().plan())) {
      throw new NotReadyException(
          List.of(
              "--hooks names plan %s, and run %s is of plan %s; name that one"
                  .formatted(named, undo.run().runId(), undo.run().plan())));
    }
  }

  private void checkHooks(Asked asked) {
    List<String> missing = hooks.missing();
    if (!missing.isEmpty()) {
      throw new NotReadyException(missing);
    }
    if (asked.plan().isEmpty() && !undo.run().hooks().isEmpty()) {
      warn(
          "the plan of run %s has hooks (%s), which are called by --hooks PLAN only"
              .formatted(undo.run().runId(), String.join(", ", undo.run().hooks())));
    }
  }

  private void look() throws Exception {
    enter(Stage.DIFF, "what would be taken back", 0);
    undo.look(done, stopping::check, rows::set);
  }

  private void execute() throws Exception {
    if (undo.nothing().isPresent()) {
      refuse(undo.nothing().get() + ". Nothing was written");
      return;
    }
    if (!undo.can()) {
      report.succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
      return;
    }
    WritableServer.check(database, applicationName, settings);
    if (limits.guardTheWrite() || hooks.guardTheWrite()) {
      look();
      List<String> beyond = done.stream().map(this::beyond).flatMap(Optional::stream).toList();
      if (!beyond.isEmpty()) {
        refuse(String.join("; ", beyond) + ". Nothing was written");
        return;
      }
      report.undone(counted(false));
      Optional<String> refused = hooks.beforeWrite();
      // It may have been ended for that.
      stopping.check();
      if (refused.isPresent()) {
        refuse(refused.get() + ". Nothing was written");
        return;
      }
      done.clear();
    }
    ledger =
        RunLedger.open(
            database,
            applicationName,
            settings.ledger(),
            new RunLedger.Beginning(
                UUID.fromString(report.runId()),
                undo.run().plan(),
                undo.run().planHash(),
                null,
                report.labelsJson(),
                undo.run().runId()),
            undo.targets());
    enter(Stage.WRITE, "undo", 0);
    throttled(() -> undo.execute(done, ledger, stopping::check, rows::set));
    new UndoneDeadRows(database, applicationName, settings)
        .sentences(done, Duration.between(report.startedAt(), Instant.now()))
        .forEach(this::warn);
    boolean whole = undo.cannot().isEmpty() && counted(true).left() == 0;
    report.succeeded(RunStatus.SUCCEEDED, whole ? ExitCode.DONE : ExitCode.REJECTED);
  }

  private void throttled(StepReportBuilder.Work<Exception> work) throws Exception {
    try (Throttling throttling =
        new Throttling(
            new Throttling.Scope(
                database,
                applicationName,
                ledger.slot("undo"),
                settings.throttle(),
                settings.lockTimeout(),
                sql -> sql),
            progress::say)) {
      throttling.begin(
          new Throttling.Writing("undo", 0, settings.write().parallel(), undo.targets()));
      progress.throttledBy(throttling::holds);
      try {
        work.run();
      } finally {
        throttling.end();
        progress.throttledBy(null);
        report.paced(throttling.summary());
      }
    }
  }

  private void warn(String what) {
    report.warned("undo: " + what);
    progress.warn("undo: " + what);
  }

  private void enter(Stage entered, String what, long total) {
    stopping.check();
    stage = entered;
    report.enter(entered);
    progress.doing(entered, what, total);
    progress.count(rows::get);
  }

  /** The limit that taking back one write would go beyond; empty where it is within it. */
  private Optional<String> beyond(Undo.Done write) {
    Limits.Bound bound =
        switch (write.event()) {
          case INSERT -> Limits.Bound.ROWS_DELETED;
          case UPDATE -> Limits.Bound.ROWS_SET;
          case DELETE -> Limits.Bound.ROWS_INSERTED;
        };
    OptionalLong most = limits.most(bound);
    return most.isPresent() && write.counts().takenBack() > most.getAsLong()
        ? Optional.of(
            "step %s, and limits.%s is %d"
                .formatted(
                    UndoReport.Write.of(write).sentence(false), bound.key(), most.getAsLong()))
        : Optional.empty();
  }

  private void refuse(String message) {
    report.failed(
        ExitCode.REFUSED, new Report.Failure(stage.toString(), null, null, message, false));
    progress.warn(stage + ": " + message);
  }

  private void broke(Throwable failure) {
    Optional<Stopping.Reason> reason = stopping.reason();
    if (reason.isPresent()) {
      report.stopped(reason.get().code());
      Sentences.explainStop(reason.get(), stage, null, failure, progress);
      return;
    }
    ExitCode code = ExitCode.of(failure, stage);
    Report.Failure error =
        new Report.Failure(
            stage.toString(),
            null,
            SqlFailure.sqlState(failure).orElse(null),
            Sentences.failure(failure),
            code.retryable(failure));
    report.failed(code, error);
    Sentences.explain(failure, code, error, progress);
  }

  private UndoReport counted(boolean executed) {
    return new UndoReport(
        undo.run().runId().toString(),
        executed,
        undo.cannot(),
        done.stream().map(UndoReport.Write::of).toList());
  }

  private void told(boolean executed) {
    if (undo == null) {
      return;
    }
    UndoReport counted = counted(executed);
    report.undone(counted);
    for (UndoReport.Write write : counted.writes()) {
      progress.say("undo " + write.sentence(executed));
      write
          .leftRows()
          .forEach(
              row ->
                  progress.say(
                      "undo %s: left (%s): %s"
                          .formatted(write.step(), String.join(", ", row.key()), row.reason())));
      if (write.left() > write.leftRows().size()) {
        progress.say(
            "undo %s: and %s more"
                .formatted(write.step(), Sentences.rows(write.left() - write.leftRows().size())));
      }
    }
    if (!executed && counted.takenBack() > 0) {
      progress.say("this was a dry run; add --execute to take it back");
    }
    if (counted.takenBack() == 0 && counted.left() == 0 && undo.cannot().isEmpty()) {
      progress.say("undo: nothing to do");
    }
  }

  /** The ledger says how it ended before another run may begin. */
  private void close() {
    report.enter(Stage.REPORT);
    report.lasts();
    try (RunLedger closing = ledger) {
      closing.end(report.now().status(), report.now().json());
    } catch (RunLedger.LedgerException e) {
      report.warned("report: " + e.getMessage());
      progress.warn("report: " + e.getMessage());
    }
  }
}
