package backfill.run;

import backfill.hook.RunHooks;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.change.LastRuns;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.TableName;
import backfill.report.ExitCode;
import backfill.report.Progress;
import backfill.report.Refusal;
import backfill.report.RefusedException;
import backfill.report.ReportBuilder;
import backfill.report.ReportedDatabase;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.report.Stopping;
import backfill.spark.diff.DiffFile;
import backfill.spark.engine.Activity;
import backfill.spark.engine.Session;
import backfill.spark.read.NewReading;
import backfill.spark.read.Reading;
import backfill.spark.step.Overlay;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What the parts of one run share: the plan and where it runs, what is told to whom, and how far it
 * is. Used by the run's own thread.
 */
public final class RunScope {
  final Plan plan;
  final NamedDatabases databases;

  /** Where every step writes, and the ledger is. */
  final Database database;

  final String applicationName;
  final Session session;
  final ReportBuilder report;
  final Progress progress;
  final Stopping stopping;
  final Guards guards;

  /** Is told how it goes. */
  final Audience audience = new Audience(this::warnOnce);

  /** What the run must keep to because it was approved. */
  final Approval approval;

  /** What it calls of the plan's own. */
  final RunHooks hooks;

  /** How much of the approver's name is always there. */
  private static final int APPROVER = 12;

  private Activity activity;
  private Stage stage = Stage.PREFLIGHT;
  private StepReportBuilder current;
  private RunLedger ledger = RunLedger.off();
  private RunThrottle throttle;
  private LastRuns lastRuns;
  private Optional<DiffFile> diff = Optional.empty();
  private final Map<TableName, Set<String>> varying = new HashMap<>();

  RunScope(
      Loaded loaded,
      NamedDatabases databases,
      Session session,
      ReportBuilder report,
      Progress progress,
      Stopping stopping) {
    this.plan = loaded.plan();
    this.databases = databases;
    this.database = databases.main();
    this.session = session;
    this.report = report;
    this.progress = progress;
    this.stopping = stopping;
    this.guards = new Guards(plan.limits());
    this.approval = new Approval(plan, loaded.approved());
    this.hooks = new RunHooks(plan.settings().hooks(), report, progress, stopping);
    this.applicationName = applicationName(plan.name(), report.runId(), approval.by());
  }

  /**
   * What the names of the run's sessions begin with, and those of no other run. PostgreSQL keeps 63
   * bytes of a name; a writer's number and the like must fit after it.
   */
  public static String applicationName(String plan, String runId) {
    return applicationName(plan, runId, Optional.empty());
  }

  /**
   * The same for a run that someone approved, who is named at its end: with at least {@link
   * #APPROVER} characters, for which a long name of the plan gives way.
   */
  public static String applicationName(String plan, String runId, Optional<String> approvedBy) {
    String by = approvedBy.map(RunScope::plain).orElse("");
    int names = by.isEmpty() ? 32 : 28;
    String who =
        by.substring(0, Math.min(by.length(), Math.max(APPROVER, names - plan.length()))).strip();
    return "backfill "
        + plan.substring(0, Math.min(names - who.length(), plan.length()))
        + " "
        + runId.substring(0, 8)
        + (who.isEmpty() ? "" : " by " + who);
  }

  /** What PostgreSQL would replace in a name, replaced. */
  private static String plain(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  /** The stage that it is in. */
  Stage stage() {
    return stage;
  }

  /** The step that it is at, or null. */
  StepReportBuilder current() {
    return current;
  }

  /** The ledger that it keeps. */
  RunLedger ledger() {
    return ledger;
  }

  /**
   * From now on it keeps this one, and its writing has a throttle.
   *
   * @param now the run's {@code :now}
   */
  void keep(RunLedger opened, String now) {
    ledger = opened;
    throttle = new RunThrottle(this, now);
  }

  /** What holds its writers back; only a run that opened its ledger has one. */
  RunThrottle throttle() {
    return throttle;
  }

  /** A step fills these columns of a table, which would have other values in another run. */
  void varies(TableName table, Set<String> columns) {
    varying.computeIfAbsent(table, name -> new HashSet<>()).addAll(columns);
  }

  /** Those of a table that steps so far fill. */
  Set<String> varying(TableName table) {
    return varying.getOrDefault(table, Set.of());
  }

  /** Where every row goes that would be written; empty where no one asked. */
  Optional<DiffFile> diff() {
    return diff;
  }

  /** From now on it tells these rows. */
  void tell(DiffFile file) {
    diff = Optional.of(file);
  }

  /** What the last runs of the plan left, read when it is first asked for. */
  LastRuns lastRuns() throws Exception {
    if (lastRuns == null) {
      lastRuns = LastRuns.of(database, applicationName, plan);
    }
    return lastRuns;
  }

  /** Where the report takes down what becomes of a step. */
  StepReportBuilder reportOf(Step step) {
    return report.step(step.name());
  }

  /** Says a warning, and keeps it for the report. */
  void warn(String warning) {
    report.warned(warning);
    progress.warn(warning);
  }

  /** Warns, unless it was said already: a step may be counted more than once. */
  void warnOnce(String warning) {
    if (!report.hasWarned(warning)) {
      warn(warning);
    }
  }

  /**
   * A new snapshot for these steps.
   *
   * @param overlay what earlier steps of a dry run would leave
   */
  Reading reading(PreflightResult ready, List<Step.Fill> steps, Overlay overlay) throws Exception {
    return reading(plan).begin(ready, steps, overlay);
  }

  /** Begins to read in order to verify: targets are read where they are written. */
  Reading verifying(PreflightResult ready, List<Step.Fill> steps) throws Exception {
    return reading(plan.withoutNever()).verifying(ready, steps);
  }

  private NewReading reading(Plan read) {
    return new NewReading(
        session.get(),
        read,
        databases,
        applicationName,
        UUID.fromString(report.runId()),
        this::waitsFor,
        session::cancelJobs);
  }

  /** It waits for this; not if the run was asked to stop. */
  void waitsFor(String what) {
    stopping.check();
    progress.waitsFor(what);
  }

  /** Lets the snapshots of a reading go, if they are held, and reports them. */
  void release(Reading reading) {
    if (reading.release()) {
      report.released(reading);
      progress.say(stage + ": " + ReportedDatabase.held(reading));
    }
  }

  /**
   * A stage, or a part of one, begins; not if the run was asked to stop.
   *
   * @param step null for what belongs to none
   * @param total rows that it will be, or 0
   */
  void enter(Stage entered, Step step, String what, long total) {
    stopping.check();
    stage = entered;
    report.enter(entered);
    current = step == null ? null : reportOf(step);
    progress.doing(entered, what, total);
    audience.tell(listener -> listener.goesOn(report.now()));
    if (entered != Stage.PREFLIGHT && step instanceof Step.Fill) {
      // A task that is given up is interrupted, so that it does not sleep on before a retry.
      session.get().sparkContext().setJobGroup(entered.toString(), entered + " " + what, true);
    }
  }

  /** From now on the progress line counts what Spark reads and writes. */
  void countActivity() {
    if (activity == null) {
      activity = Activity.of(session.get());
      progress.count(activity);
    }
  }

  /** The work is over: what is left is to say how it went. */
  void reporting() {
    report.enter(Stage.REPORT);
    session.readyAtNanos().ifPresent(report::sessionReady);
  }

  /** Leaves the session as it was found: it may be another's. */
  void detach() {
    progress.watch(null);
    if (throttle != null) {
      throttle.close();
    }
    if (activity != null) {
      activity.detach(session.get());
      session.get().sparkContext().clearJobGroup();
    }
  }

  /** A dry run found that a guard would refuse. */
  void wouldRefuse(Refusal refusal) {
    warnOnce("a run would be refused: " + refusal.sentence());
    report.wouldRefuse(ExitCode.REFUSED);
  }

  /** Ends the run if a guard refused; nothing of these steps is written. */
  void refuse(List<Refusal> refusals) {
    if (!refusals.isEmpty()) {
      RefusedException refused =
          new RefusedException(refusals, Sentences.writtenSteps(report.now()));
      refused.steps().forEach(step -> reportOf(step).refused());
      current = refused.steps().isEmpty() ? null : reportOf(refused.steps().get(0));
      throw refused;
    }
  }
}
