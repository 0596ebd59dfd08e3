package backfill.run;

import backfill.plan.Amount;
import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Server;
import backfill.report.ApprovedReport;
import backfill.report.Refusal;
import backfill.report.Report;
import backfill.report.StepReport;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.DifferingKeys;
import backfill.spark.diff.StepDiff;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  private final String cure;

  /**
   * @param approved empty where none is given, which a plan may demand
   */
  Approval(Plan plan, Optional<ApprovedReport> approved) {
    this.plan = plan;
    this.approved = approved;
    this.cure =
        "Have a new dry run approved (backfill plan PLAN --report REPORT, then run PLAN --approved REPORT)";
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
                  null,
                  "the plan must be approved before it runs (approve = "
                      + plan.settings().approve().name().toLowerCase(Locale.ROOT)
                      + "), and no --approved REPORT is given"));
    }
    ApprovedReport report = approved.get();
    List<Refusal> refusals = new ArrayList<>();
    if (!report.about().planHash().equals(plan.hash())) {
      refusals.add(
          refusal(
              null,
              "the approved dry run was of another plan: its hash was "
                  + report.about().planHash()
                  + ", and that of "
                  + plan.name()
                  + " as it runs now is "
                  + plan.hash()));
    }
    if (report.about().wouldRefuse() != null) {
      refusals.add(
          refusal(
              null,
              "the approved dry run says itself that a run would be refused, with exit code "
                  + report.about().wouldRefuse()));
    }
    age(report.about().startedAt(), ready.server().asked()).ifPresent(refusals::add);
    ready
        .databases()
        .forEach((name, servers) -> otherDatabase(name, servers.named()).ifPresent(refusals::add));
    active.forEach(step -> unknown(step, report).ifPresent(refusals::add));
    return refusals;
  }

  private Optional<Refusal> age(Instant startedAt, Instant now) {
    Duration most = plan.settings().approveWithin();
    Duration age = Duration.between(startedAt, now);
    if (age.compareTo(most) > 0) {
      return Optional.of(
          refusal(
              null,
              "the approved dry run is %s old (it began at %s, and the server's clock says %s), and approve-within is %s"
                  .formatted(words(age), startedAt, now, words(most))));
    }
    return age.plus(SKEW).isNegative()
        ? Optional.of(
            refusal(
                null,
                "the approved dry run began at %s, and the server's clock says %s: it is of the future, so that its age is not known"
                    .formatted(startedAt, now)))
        : Optional.empty();
  }

  private static String words(Duration duration) {
    return duration.toHours() >= 1
        ? "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart())
        : "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
  }

  private Optional<Refusal> otherDatabase(String name, Server now) {
    ApprovedReport.DatabaseAsked then = approved.orElseThrow().databases().get(name);
    if (then == null) {
      return Optional.of(
          refusal(null, "the approved dry run did not ask database " + name + " of the plan"));
    }
    if (!then.database().equals(now.database())) {
      return Optional.of(
          refusal(
              null,
              "the approved dry run was of database \"%s\" at %s, and %s is \"%s\" at %s"
                  .formatted(then.database(), then.server(), name, now.database(), now.address())));
    }
    return then.systemIdentifier() == null
            || now.systemIdentifier() == null
            || then.systemIdentifier().equals(now.systemIdentifier())
        ? Optional.empty()
        : Optional.of(
            refusal(
                null,
                "the approved dry run was of another server: the system identifier of %s was %s, and that of %s is %s"
                    .formatted(
                        then.server(),
                        then.systemIdentifier(),
                        now.address(),
                        now.systemIdentifier())));
  }

  /** What cannot be held against the dry run, in words. */
  List<String> notCompared(PreflightResult ready) {
    List<String> not = new ArrayList<>();
    approved.ifPresent(
        report ->
            ready
                .databases()
                .forEach(
                    (name, servers) -> {
                      ApprovedReport.DatabaseAsked then = report.databases().get(name);
                      boolean then0 = then == null || then.systemIdentifier() == null;
                      if (then0 || servers.named().systemIdentifier() == null) {
                        not.add(
                            "approval: the server of %s does not tell its system identifier%s; only the database's name, \"%s\", was compared"
                                .formatted(
                                    name,
                                    then0 ? ", or did not at the dry run" : "",
                                    servers.named().database()));
                      }
                    }));
    return not;
  }

  /** What was never counted cannot have been approved. */
  private Optional<Refusal> unknown(Step step, ApprovedReport report) {
    ApprovedReport.StepCounted counted = report.steps().get(step.name());
    String lacks = null;
    if (counted == null) {
      lacks =
          "is not in the approved dry run, which has "
              + String.join(", ", report.steps().keySet())
              + "; select the same steps";
    } else if (counted.skipped()) {
      lacks = "was skipped in the approved dry run, because its only-if was false, and is not now";
    } else if (!(step instanceof Step.Ddl)
        && counted.toInsert() == null
        && counted.toUpdate() == null
        && counted.toDelete() == null) {
      lacks = "has no counts in the approved dry run: they can only be known once it runs";
    } else if (exact() && step instanceof Step.Fill && counted.diffChecksum() == null) {
      lacks = "has no checksum of its rows in the approved dry run, and approve is exact";
    } else if (counted.toDelete() != null && counted.toDelete() > 0 && counted.cascaded() == null) {
      lacks =
          "would delete %s by the approved dry run, which does not know how many go along with them"
              .formatted(Amount.of(counted.toDelete(), "row"));
    }
    return lacks == null
        ? Optional.empty()
        : Optional.of(refusal(step, "step " + step.name() + " " + lacks));
  }

  /** What a step that is counted would do beyond what was approved. */
  List<Refusal> refusals(StepReport now) {
    if (approved.isEmpty()) {
      return List.of();
    }
    ApprovedReport.StepCounted then = approved.get().steps().get(now.name());
    List<Refusal> refusals = new ArrayList<>();
    drifted(now, "add", now.toInsert(), then.toInsert()).ifPresent(refusals::add);
    drifted(now, "set", now.toUpdate(), then.toUpdate()).ifPresent(refusals::add);
    long deletes = or0(now.toDelete());
    if (deletes > or0(then.toDelete())) {
      refusals.add(
          beyond(
              now,
              "would delete " + Amount.of(deletes, "row"),
              Amount.are(or0(then.toDelete())) + " approved"));
    }
    if (deletes > 0) {
      refusals.addAll(cascades(now, then));
    }
    if (exact() && now.step() instanceof Step.InPlace) {
      another(now, then).ifPresent(refusals::add);
    }
    return refusals;
  }

  /** Of rows that are changed where they are only the number is known beforehand; not one more. */
  private Optional<Refusal> another(StepReport now, ApprovedReport.StepCounted then) {
    long rows = or0(now.toUpdate()) + or0(now.toDelete());
    long most = or0(then.toUpdate()) + or0(then.toDelete());
    return rows <= most
        ? Optional.empty()
        : Optional.of(
            beyond(
                now,
                "would change " + Amount.of(rows, "row"),
                Amount.are(most) + " approved, and approve is exact"));
  }

  /**
   * That a step would write other rows than those approved, where they must be the very same.
   *
   * @param rows of which the first keys that differ are named, if the approved ones are at hand
   */
  Optional<Refusal> differing(Step step, DiffSum sum, Supplier<StepDiff> rows) {
    ApprovedReport report = approved.orElseThrow();
    String checksum = report.steps().get(step.name()).diffChecksum();
    if (sum.checksum().equals(checksum)) {
      return Optional.empty();
    }
    return Optional.of(
        refusal(
            step,
            "step %s would write other rows than those approved, and approve is exact: the checksum of its %s is %s, and %s is approved"
                    .formatted(step.name(), Amount.of(sum.rows(), "row"), sum.checksum(), checksum)
                + named(report, rows)));
  }

  private static String named(ApprovedReport report, Supplier<StepDiff> rows) {
    if (report.rows().isEmpty()) {
      return "; --approved-diff FILE names the first keys that differ, of what plan wrote with --diff";
    }
    try {
      List<String> keys = DifferingKeys.of(report.rows().get(), rows.get());
      return keys.isEmpty()
          ? "; %s has the same rows: it is not the diff of the approved dry run"
              .formatted(report.rows().get().given())
          : "; the first that differ: " + String.join(", ", keys);
    } catch (IOException e) {
      return "; the keys that differ cannot be named: " + e.getMessage();
    }
  }

  private Optional<Refusal> drifted(StepReport step, String verb, Long now, Long then) {
    int percent = plan.limits().driftPercent();
    BigDecimal most =
        BigDecimal.valueOf(or0(then)).multiply(BigDecimal.valueOf(100L + percent)).movePointLeft(2);
    return BigDecimal.valueOf(or0(now)).compareTo(most) <= 0
        ? Optional.empty()
        : Optional.of(
            beyond(
                step,
                "would " + verb + " " + Amount.of(now, "row"),
                String.format(
                    Locale.ROOT,
                    "%s approved, and limits.drift-percent is %d: at most %,d",
                    Amount.are(or0(then)),
                    percent,
                    most.longValue())));
  }

  private List<Refusal> cascades(StepReport now, ApprovedReport.StepCounted then) {
    if (now.cascaded() == null) {
      return List.of(
          beyond(
              now,
              "would delete " + Amount.of(now.toDelete(), "row"),
              "how many go along with them is not known before"));
    }
    List<Refusal> refusals = new ArrayList<>();
    Map<String, Long> approvedRows = then.cascaded() == null ? Map.of() : then.cascaded();
    now.cascaded()
        .forEach(
            (table, rows) -> {
              long most = approvedRows.getOrDefault(table, 0L);
              if (rows > most) {
                refusals.add(
                    beyond(
                        now,
                        "would take along %s of %s with those that it deletes"
                            .formatted(Amount.of(rows, "row"), table),
                        Amount.are(most) + " approved"));
              }
            });
    return refusals;
  }

  private Refusal beyond(StepReport step, String does, String most) {
    return refusal(step.step(), "step " + step.name() + " " + does + ", and " + most);
  }

  private Refusal refusal(Step step, String sentence) {
    return new Refusal(step, sentence, cure);
  }

  private static long or0(Long count) {
    return count == null ? 0 : count;
  }
}
