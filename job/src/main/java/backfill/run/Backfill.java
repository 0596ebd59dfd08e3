package backfill.run;

import backfill.plan.InvalidPlanException;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.preflight.Purpose;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.Waits;
import backfill.postgres.write.Target;
import backfill.report.Command;
import backfill.report.Progress;
import backfill.report.Refusal;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportedDatabase;
import backfill.report.RunListener;
import backfill.report.Stage;
import backfill.report.Stopping;
import backfill.spark.diff.DiffFile;
import backfill.spark.engine.Session;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * One run of a plan, stage by stage, in the order of its schedule. Whatever happens, the report
 * says it.
 */
public final class Backfill {
  private final Loaded loaded;
  private final RunScope run;
  private final RunEnd end;
  private final PreflightAsking asking;

  public Backfill(
      Loaded loaded,
      NamedDatabases databases,
      Session session,
      ReportBuilder report,
      Progress progress,
      Stopping stopping) {
    this.loaded = loaded;
    this.run = new RunScope(loaded, databases, session, report, progress, stopping);
    this.end = new RunEnd(run);
    this.asking = new PreflightAsking(run, loaded.steps());
  }

  /** From now on every row that would be written is told to this file. */
  public void tellTo(DiffFile file) {
    run.tell(file);
  }

  /** From now on this is told how it goes. */
  public void tellTo(RunListener listener) {
    run.audience.add(listener);
  }

  /** Takes the plan as far as the command says and fills in the report. */
  public void run(Command command) {
    run(command, CheckPrintout.NONE);
  }

  /**
   * Takes the plan as far as the command says, fills in the report and prints what was asked for.
   */
  public void run(Command command, CheckPrintout printout) {
    load();
    try (RunStopper brake =
            new RunStopper(
                run.stopping, run.session, run.databases, run.applicationName, run.progress);
        Waits waits = new Waits(run.databases, run.applicationName)) {
      brake.ready();
      run.progress.watch(waits);
      Schedule schedule = preflight(command, printout);
      if (command == Command.CHECK) {
        print(schedule, printout);
      } else {
        try (Walk walk = begin(schedule, command)) {
          for (Turn turn : walk) {
            turn.read();
            turn.flatten();
            turn.diff();
            walk.write(turn);
            walk.verify(turn);
          }
        }
        run.diff().ifPresent(DiffFile::putInPlace);
      }
      end.finish(command);
    } catch (
        Throwable failure) { // NOPMD: the process's one place where anything becomes an exit code
      end.broke(failure);
    } finally {
      report();
      if (command.callsHooks) {
        run.hooks.ended();
      }
    }
  }

  /** What was loaded is in the report from here on. */
  private void load() {
    run.report.loaded(run.plan, loaded.steps());
  }

  private Schedule preflight(Command command, CheckPrintout printout) {
    run.enter(Stage.PREFLIGHT, null, run.databases.toString(), 0);
    PreflightResult ready = asking.ask(command, printout);
    List<Step> active = loaded.steps().stream().filter(step -> !skipped(step, ready)).toList();
    if (command.purpose == Purpose.RUN) {
      refuseUncountedCopies(active);
    }
    RunListener.Begun begun =
        new RunListener.Begun(
            run.plan, active, ready, asking.changes(), run.databases, run.report.now());
    run.audience.tell(listener -> listener.planned(begun));
    return Schedule.of(
        run.plan,
        ready,
        new ChangeScope(run.database, run.applicationName, run.plan, ready.now(), active),
        asking.changes());
  }

  /** Before anything is written, the ledger included. */
  private void approve(PreflightResult ready, List<Step> active) {
    run.refuse(run.approval.refusals(ready, active));
    run.approval.notCompared(ready).forEach(run::warn);
    run.approval.report(ready).ifPresent(run.report::approved);
  }

  private void refuseUncountedCopies(List<Step> active) {
    if (!run.plan.settings().ledger().on()
        && !Step.fills(active).isEmpty()
        && run.session.speculates()) {
      throw new InvalidPlanException(
          "spark.speculation",
          "is on, and without a ledger nothing tells two copies of a writer apart; set it to false, or leave"
              + " out ledger = off");
    }
  }

  private boolean skipped(Step step, PreflightResult ready) {
    boolean skipped = !ready.applies() || ready.skippedSteps().contains(step.name());
    if (skipped) {
      run.reportOf(step).skipped();
      run.progress.say("step " + step.name() + ": skipped, only-if is false");
    }
    return skipped;
  }

  private void print(Schedule schedule, CheckPrintout printout) throws Exception {
    for (Step step : schedule.scope().steps()) {
      if (schedule.ready().pending().containsKey(step.name())) {
        continue;
      }
      run.progress.say(
          step instanceof Step.Fill fill
              ? ReportedDatabase.writeRule(fill, schedule.ready())
              : ReportedDatabase.writeRule(step, schedule.changes()));
    }
    if (!schedule.isEmpty()) {
      printout.statements(
          () -> new SqlListing(schedule, run.databases, run.applicationName, run.session));
    }
  }

  private Walk begin(Schedule schedule, Command command) throws Exception {
    return switch (command) {
      case PLAN -> new PlanWalk(run, schedule);
      case VERIFY -> new VerifyWalk(run, schedule);
      case RUN -> writing(schedule);
      case CHECK -> throw new IllegalStateException("a check takes no turn");
    };
  }

  private Walk writing(Schedule schedule) throws Exception {
    approve(schedule.ready(), schedule.scope().steps());
    if (!schedule.isEmpty()) {
      openLedger(schedule);
    }
    int turns =
        run.guards.any() || run.approval.given() || run.hooks.guardTheWrite()
            ? schedule.turns().size()
            : schedule.countedForChecks() + 1;
    if (turns > 0 && !schedule.countsBeforeItWrites()) {
      refuseBeforeWriting(schedule, turns);
    }
    return new WritingWalk(run, schedule, asking::shapes);
  }

  /**
   * Steps of one turn are counted before any of them writes anyway; those of later ones must be
   * counted once more than they would be, or an earlier step were written when they are refused.
   *
   * @param turns that are counted
   */
  private void refuseBeforeWriting(Schedule schedule, int turns) throws Exception {
    run.progress.say(
        (run.approval.given()
                ? "approval"
                : run.guards.any()
                    ? "limits"
                    : run.hooks.guardTheWrite() ? "hooks.before-write" : "never")
            + ": all steps are counted before one writes");
    List<Refusal> refusals = new ArrayList<>();
    try (Walk walk = new CountingWalk(run, schedule, refusals::add)) {
      Iterator<Turn> all = walk.iterator();
      for (int turn = 0; turn < turns; turn++) {
        Turn counted = all.next();
        counted.read();
        counted.flatten();
        counted.diff();
      }
    }
    run.refuse(refusals);
  }

  private void openLedger(Schedule schedule) {
    run.progress.doing(Stage.PREFLIGHT, "ledger", 0);
    run.keep(
        RunLedger.open(
            run.database,
            run.applicationName,
            run.plan.settings().ledger(),
            new RunLedger.Beginning(
                UUID.fromString(run.report.runId()),
                run.plan.name(),
                run.plan.hash(),
                schedule.ready().now(),
                run.report.labelsJson(),
                null),
            Stream.concat(
                    schedule.ready().targets().values().stream().map(Target::table),
                    schedule.changes().tables().values().stream())
                .map(Table::name)
                .toList()),
        schedule.ready().now());
    if (run.approval.given()) {
      run.ledger().approved(run.report.approvalJson());
    }
  }

  /** The work is over: the ledger says how it went, and the session is as it was found. */
  private void report() {
    run.reporting();
    closeLedger();
    run.audience.tell(listener -> listener.ended(run.report.now(), run::warn));
    run.detach();
  }

  /** The ledger says how it ended before another run may begin. */
  private void closeLedger() {
    run.report.lasts();
    try (RunLedger closing = run.ledger()) {
      Report ended = run.report.now();
      closing.end(ended.status(), ended.json());
      closing.forgetIdleRuns(run.plan).ifPresent(run::warn);
    } catch (RunLedger.LedgerException e) {
      run.warn("report: " + e.getMessage());
    }
  }
}
