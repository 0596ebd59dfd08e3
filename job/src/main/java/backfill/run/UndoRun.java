package backfill.run;

import backfill.plan.Limits;
import backfill.plan.Settings;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.TableName;
import backfill.postgres.server.Waits;
import backfill.postgres.throttle.Throttling;
import backfill.postgres.undo.Undo;
import backfill.postgres.undo.WritableServer;
import backfill.postgres.write.DeadRows;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes a run back, stage by stage: what cannot come back is said first, then it is counted, then
 * written in batches. Whatever happens, the report says it.
 */
public final class UndoRun {
  /** As much of a run's number as is shown among the names of sessions. */
  private static final int SHORT_NUMBER = 8;

  private final Database database;
  private final Settings settings;
  private final Limits limits;
  private final ReportBuilder report;
  private final Progress progress;
  private final Stopping stopping;
  private final String applicationName;
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
    this.applicationName = "backfill undo " + report.runId().substring(0, SHORT_NUMBER);
  }

  /**
   * Looks at a run, or takes it back.
   *
   * @param given the run's number, or its beginning
   * @param execute whether to write
   */
  public void run(String given, boolean execute) {
    NamedDatabases databases = NamedDatabases.only(database);
    Session none = Session.whenAsked(applicationName, "UTC");
    try (RunStopper brake = new RunStopper(stopping, none, databases, applicationName, progress);
        Waits waits = new Waits(databases, applicationName)) {
      brake.ready();
      progress.watch(waits);
      preflight(given);
      if (execute) {
        execute();
      } else {
        look();
        report.succeeded(RunStatus.DRY_RUN, ExitCode.DONE);
      }
    } catch (
        Throwable failure) { // NOPMD: the command's one place where anything becomes an exit code
      broke(failure);
    } finally {
      told(execute);
      progress.watch(null);
      close();
    }
  }

  private void preflight(String given) {
    enter(Stage.PREFLIGHT, "the ledger", 0);
    undo = Undo.find(database, applicationName, settings, given);
    report.about(undo.run().plan(), undo.run().planHash());
    progress.say(
        "preflight: run %s of plan %s, begun %s, %s"
            .formatted(
                undo.run().runId(),
                undo.run().plan(),
                undo.run().startedAt(),
                undo.isEmpty() ? "wrote nothing" : undo.run().status()));
    undo.cannot().forEach(sentence -> progress.warn("cannot come back: " + sentence));
    undo.checkRights();
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
    if (limits.guardTheWrite()) {
      look();
      List<String> beyond = done.stream().map(this::beyond).flatMap(Optional::stream).toList();
      if (!beyond.isEmpty()) {
        refuse(String.join("; ", beyond) + ". Nothing was written");
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
    tellDeadRows();
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

  /** Each row that was deleted or set back left one that is dead. */
  private void tellDeadRows() {
    Map<TableName, Long> changed = new LinkedHashMap<>();
    done.stream()
        .filter(write -> write.event() != RowEvent.DELETE && write.counts().takenBack() > 0)
        .forEach(write -> changed.merge(write.target(), write.counts().takenBack(), Long::sum));
    changed.forEach(this::tellDeadRows);
  }

  private void tellDeadRows(TableName table, long rows) {
    try {
      DeadRows dead =
          DeadRows.in(
              database,
              applicationName,
              settings,
              table,
              rows,
              Duration.between(report.startedAt(), Instant.now()));
      if (dead.isVacuumDue()) {
        warn(dead.sentence());
      }
    } catch (IllegalStateException e) {
      warn(e.getMessage());
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
