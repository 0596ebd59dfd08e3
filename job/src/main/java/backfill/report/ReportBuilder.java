package backfill.report;

import backfill.plan.Hooks;
import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.explain.StepExplanation;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.throttle.PaceRequest;
import backfill.postgres.throttle.PaceSummary;
import backfill.spark.read.Reading;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes down what becomes of a run while it lasts, event by event; the report is what it says at
 * its end, whatever that is. Used by the run's own thread.
 */
public final class ReportBuilder {
  private final String runId;
  private final String command;
  private final Instant startedAt;
  private final long startedNanos = System.nanoTime();
  private final Map<String, String> labels = new LinkedHashMap<>();
  private final Map<String, Object> params = new LinkedHashMap<>();
  private final Map<String, Long> limits = new LinkedHashMap<>();
  private final Map<String, Long> stages = new LinkedHashMap<>();
  private final Map<String, Report.DatabaseReport> databases = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, StepReportBuilder> steps = new LinkedHashMap<>();
  private final Map<String, Long> never = new LinkedHashMap<>();
  private String plan;
  private String given;
  private String planHash;
  private List<String> hooks;
  private Report.Approval approval;
  private RunStatus status;
  private ExitCode exitCode = ExitCode.DONE;
  private Report.Failure error;
  private ExitCode wouldRefuse;
  private PaceSummary pace;
  private boolean countsExact = true;
  private Stage stage = Stage.LOAD;
  private long durationMs;
  private Long sessionReadyMs;
  private List<Report.Moment> timeline = List.of();
  private List<LedgerStatus.Run> runs;
  private UndoReport undo;
  private List<StepExplanation> explained;
  private Comparison comparison;
  private PaceRequest.Entered asked;

  public ReportBuilder(String runId, String command, Instant startedAt) {
    this.runId = runId;
    this.command = command;
    this.startedAt = startedAt;
  }

  /** What is known of the run so far. */
  public Report now() {
    return new Report(
        new Report.About(
            new Report.OfPlan(plan, given, planHash, hooks),
            runId,
            command,
            copy(labels),
            copy(params),
            copy(limits),
            approval),
        new Report.Outcome(
            status,
            exitCode.number(),
            error,
            wouldRefuse == null ? null : (Integer) wouldRefuse.number(),
            copy(never),
            pace),
        countsExact,
        new Report.Timing(startedAt.toString(), durationMs, sessionReadyMs, copy(stages), timeline),
        copy(databases),
        List.copyOf(warnings),
        steps.values().stream().map(StepReportBuilder::now).toList(),
        new Report.Told(runs, undo, explained, comparison, asked));
  }

  private static <V> Map<String, V> copy(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  public String runId() {
    return runId;
  }

  public Instant startedAt() {
    return startedAt;
  }

  /** It was asked for a plan by this name; once that is loaded, it has its own. */
  public void named(String name) {
    plan = name;
    given = name;
  }

  /** Takes {@code NAME=VALUE}, or a text that then stands under {@code label}. */
  public void label(List<String> texts) {
    for (String text : texts) {
      int equals = text.indexOf('=');
      labels.put(
          equals > 0 ? text.substring(0, equals) : "label",
          equals > 0 ? text.substring(equals + 1) : text);
    }
  }

  /** The labels without the rest, as JSON. */
  public String labelsJson() {
    return ReportJson.labels(labels);
  }

  /** A plan is loaded, and these steps of it were asked for. */
  public void loaded(Plan found, List<Step> chosen) {
    plan = found.name();
    planHash = found.hash();
    hooks = found.settings().hooks().occasions();
    params.putAll(found.params());
    limits.putAll(found.limits().byName());
    found.never().forEach(check -> never.put(check.name(), null));
    chosen.forEach(step -> steps.put(step.name(), new StepReportBuilder(step)));
  }

  /** A dry run approved it. */
  public void approved(Report.Approval by) {
    approval = by;
  }

  /** The approval without the rest, as JSON; null where none was given. */
  public String approvalJson() {
    return approval == null ? null : ReportJson.approval(approval);
  }

  /** What becomes of one of the steps that were asked for. */
  public StepReportBuilder step(String name) {
    return steps.get(name);
  }

  /** Another stage begins. */
  public void enter(Stage entered) {
    lasts();
    stage = entered;
  }

  /** Counts the time until now, as the present stage's. */
  public void lasts() {
    long now = sinceStart(System.nanoTime());
    stages.merge(stage.toString(), now - durationMs, Long::sum);
    durationMs = now;
  }

  /** Spark's session was there at this {@link System#nanoTime}. */
  public void sessionReady(long atNanos) {
    sessionReadyMs = Math.max(0, sinceStart(atNanos));
  }

  /** It went like this in time. */
  public void went(Progress progress) {
    timeline =
        progress.timeline().stream()
            .map(
                part ->
                    new Report.Moment(
                        part.stage().toString(),
                        part.what(),
                        Math.max(0, sinceStart(part.fromNanos())),
                        (part.toNanos() - part.fromNanos()) / 1_000_000,
                        part.rows()))
            .toList();
  }

  private long sinceStart(long nanos) {
    return (nanos - startedNanos) / 1_000_000;
  }

  /** These databases answered. */
  public void answered(Map<String, Report.DatabaseReport> found) {
    databases.putAll(found);
  }

  /** The snapshots of a reading were let go. */
  public void released(Reading reading) {
    for (Reading.Taken taken : reading.snapshots()) {
      databases.put(
          taken.database(),
          databases.get(taken.database()).with(ReportedDatabase.of(taken, reading)));
    }
  }

  public void warned(String warning) {
    warnings.add(warning);
  }

  public boolean hasWarned(String warning) {
    return warnings.contains(warning);
  }

  /** Rejected rows of all steps so far, as the limit counts them. */
  public long rejectedForTheData() {
    return steps.values().stream()
        .mapToLong(step -> step.now().written().rejected().forTheData())
        .sum();
  }

  /** What the plan says must never happen gave so many rows. */
  public void asked(Never check, long rows) {
    never.put(check.name(), rows);
  }

  /** This slowed its writers down or paused them, so far. */
  public void paced(PaceSummary found) {
    pace = found;
  }

  /** It is not known what some writers did. */
  public void inexact() {
    countsExact = false;
  }

  /** A run would not come to its end; what was found first counts. */
  public void wouldRefuse(ExitCode code) {
    wouldRefuse = wouldRefuse == null ? code : wouldRefuse;
  }

  /** It came to its end. */
  public void succeeded(RunStatus as, ExitCode code) {
    status = as;
    exitCode = code;
  }

  /** It was asked to end before it was done. */
  public void stopped(ExitCode code) {
    status = RunStatus.STOPPED;
    exitCode = code;
  }

  /**
   * It did not come to its end.
   *
   * @param why null for what was not foreseen
   */
  public void failed(ExitCode code, Report.Failure why) {
    status = code == ExitCode.REFUSED ? RunStatus.REFUSED : RunStatus.FAILED;
    exitCode = code;
    error = why;
  }

  /** What was asked for can't be: nothing was begun. */
  public void invalid(String message) {
    failed(ExitCode.INVALID, new Report.Failure(Stage.LOAD.toString(), null, null, message, false));
  }

  /** This became, as far as it has come, of a run that is to be taken back. */
  public void undone(UndoReport found) {
    undo = found;
  }

  /** The command is about this plan, of which nothing but this is known. */
  public void about(String planName, String hash) {
    plan = planName;
    planHash = hash;
  }

  /** Such hooks are called, of a plan that is named so; null where no plan is. */
  public void calls(Hooks called, String of) {
    hooks = called.occasions();
    given = of;
  }

  /** This was asked of a running run. */
  public void asked(PaceRequest.Entered entered) {
    asked = entered;
    succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
  }

  /** The ledger has these runs. */
  public void listed(List<LedgerStatus.Run> found) {
    runs = List.copyOf(found);
    succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
  }

  /** A pair, a user or an object is explained, by this plan. */
  public void explained(Plan of, List<StepExplanation> found) {
    plan = of.name();
    planHash = of.hash();
    params.putAll(of.params());
    explained = List.copyOf(found);
    succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
  }

  /** Two files are compared. */
  public void compared(Comparison found) {
    comparison = found;
    succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
  }
}
