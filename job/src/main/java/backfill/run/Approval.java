package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.ApprovedReport;
import backfill.report.Refusal;
import backfill.report.Report;
import backfill.report.StepReport;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Holds a run against the dry run that approves it: first that it is the same plan, database and
 * steps, and not long ago; then, once a step is counted, that it does no more.
 */
final class Approval {
  /** How far the clocks of a driver and a server may be apart. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  private final Plan plan;
  private final Optional<ApprovedReport> approved;

  /**
   * @param approved empty where none is given, which a plan may demand
   */
  Approval(Plan plan, Optional<ApprovedReport> approved) {
    this.plan = plan;
    this.approved = approved;
  }

  boolean given() {
    return approved.isPresent();
  }

  /** Whether the rows must be the very same. */
  boolean exact() {
    return given() && plan.settings().approve() == Settings.Approve.EXACT;
  }

  /** Who approved it. */
  Optional<String> by() {
    return approved.flatMap(ApprovedReport::by);
  }

  /** What the report says of it. */
  Optional<Report.Approval> report(PreflightResult ready) {
    return approved.map(
        report ->
            new Report.Approval(
                report.by().orElse(null),
                report.about().runId(),
                report.about().planHash(),
                report.about().startedAt().toString(),
                exact(),
                plan.limits().driftPercent(),
                notCompared(ready)));
  }

  /**
   * Why these steps may not run, as far as that is known before they are counted.
   *
   * @param active those that will run
   */
  List<Refusal> refusals(PreflightResult ready, List<Step> active) {
    if (approved.isEmpty()) {
      return plan.settings().approve() == Settings.Approve.NONE || active.isEmpty()
          ? List.of()
          : List.of(
              refusal(
                  "the plan must be approved before it runs (approve = "
                      + plan.settings().approve().name().toLowerCase(Locale.ROOT)
                      + "), and no --approved REPORT is given"));
    }
    ApprovedReport report = approved.get();
    List<Refusal> refusals = new ArrayList<>(other(report.about()));
    age(report.about().startedAt(), ready.server().asked()).ifPresent(refusals::add);
    refusals.addAll(ApprovedDatabases.of(report).refusals(ready));
    active.forEach(
        step -> of(step, report).unknown(report.steps().keySet()).ifPresent(refusals::add));
    return refusals;
  }

  /** That it was a dry run of another plan, or one that approves nothing. */
  private List<Refusal> other(ApprovedReport.About about) {
    List<Refusal> refusals = new ArrayList<>();
    if (!about.planHash().equals(plan.hash())) {
      refusals.add(
          refusal(
              "the approved dry run was of another plan: its hash was "
                  + about.planHash()
                  + ", and that of "
                  + plan.name()
                  + " as it runs now is "
                  + plan.hash()));
    }
    if (about.wouldRefuse() != null) {
      refusals.add(
          refusal(
              "the approved dry run says itself that a run would be refused, with exit code "
                  + about.wouldRefuse()));
    }
    return refusals;
  }

  private Optional<Refusal> age(Instant startedAt, Instant now) {
    Duration most = plan.settings().approveWithin();
    Duration age = Duration.between(startedAt, now);
    if (age.compareTo(most) > 0) {
      return Optional.of(
          refusal(
              "the approved dry run is %s old (it began at %s, and the server's clock says %s), and approve-within is %s"
                  .formatted(words(age), startedAt, now, words(most))));
    }
    return age.plus(SKEW).isNegative()
        ? Optional.of(
            refusal(
                "the approved dry run began at %s, and the server's clock says %s: it is of the future, so that its age is not known"
                    .formatted(startedAt, now)))
        : Optional.empty();
  }

  private static String words(Duration duration) {
    return duration.toHours() >= 1
        ? "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart())
        : "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
  }

  /** What cannot be held against the dry run, in words. */
  List<String> notCompared(PreflightResult ready) {
    return approved
        .map(report -> ApprovedDatabases.of(report).notCompared(ready))
        .orElse(List.of());
  }

  /** What a step that is counted would do beyond what was approved. */
  List<Refusal> refusals(StepReport now) {
    return approved.map(report -> of(now.step(), report).refusals(now)).orElse(List.of());
  }

  /**
   * That a step would write other rows than those approved, where they must be the very same.
   *
   * @param rows of which the first keys that differ are named, if the approved ones are at hand
   */
  Optional<Refusal> differing(Step step, DiffSum sum, Supplier<StepDiff> rows) {
    ApprovedReport report = approved.orElseThrow();
    return of(step, report).differing(sum, rows, report.rows());
  }

  private ApprovedStep of(Step step, ApprovedReport report) {
    return new ApprovedStep(
        step, report.steps().get(step.name()), plan.limits().driftPercent(), exact());
  }

  private static Refusal refusal(String sentence) {
    return Refusal.byApproval(null, sentence);
  }
}
