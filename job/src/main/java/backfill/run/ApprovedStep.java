package backfill.run;

import backfill.plan.Amount;
import backfill.plan.Step;
import backfill.report.ApprovedReport.StepCounted;
import backfill.report.Refusal;
import backfill.report.StepReport;
import backfill.spark.diff.DiffInput;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.DifferingKeys;
import backfill.spark.diff.StepDiff;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Holds one step against what the approved dry run counted of it: more than that is refused, and
 * where the rows must be the very same, other rows, too.
 *
 * @param then null where the dry run did not have it
 * @param driftPercent how many more rows it may add or set, in percent
 * @param exact whether the rows must be the very same
 */
record ApprovedStep(Step step, StepCounted then, int driftPercent, boolean exact) {
  /** What was never counted cannot have been approved. */
  Optional<Refusal> unknown(Set<String> known) {
    String lacks = null;
    if (then == null) {
      lacks =
          "is not in the approved dry run, which has "
              + String.join(", ", known)
              + "; select the same steps";
    } else if (then.skipped()) {
      lacks = "was skipped in the approved dry run, because its only-if was false, and is not now";
    } else if (!(step instanceof Step.Ddl)
        && then.toInsert() == null
        && then.toUpdate() == null
        && then.toDelete() == null) {
      lacks = "has no counts in the approved dry run: they can only be known once it runs";
    } else if (exact && step instanceof Step.Fill && then.diffChecksum() == null) {
      lacks = "has no checksum of its rows in the approved dry run, and approve is exact";
    } else if (then.toDelete() != null && then.toDelete() > 0 && then.cascaded() == null) {
      lacks =
          "would delete %s by the approved dry run, which does not know how many go along with them"
              .formatted(Amount.of(then.toDelete(), "row"));
    }
    return lacks == null ? Optional.empty() : Optional.of(refusal(lacks));
  }

  /** What it would do beyond what was approved, once it is counted. */
  List<Refusal> refusals(StepReport now) {
    List<Refusal> refusals = new ArrayList<>();
    drifted("add", now.toInsert(), then.toInsert()).ifPresent(refusals::add);
    drifted("set", now.toUpdate(), then.toUpdate()).ifPresent(refusals::add);
    long deletes = or0(now.toDelete());
    if (deletes > or0(then.toDelete())) {
      refusals.add(
          beyond(
              "would delete " + Amount.of(deletes, "row"),
              Amount.are(or0(then.toDelete())) + " approved"));
    }
    if (deletes > 0) {
      refusals.addAll(cascades(now));
    }
    if (exact && step instanceof Step.InPlace) {
      another(now).ifPresent(refusals::add);
    }
    return refusals;
  }

  /** Of rows that are changed where they are only the number is known beforehand; not one more. */
  private Optional<Refusal> another(StepReport now) {
    long rows = or0(now.toUpdate()) + or0(now.toDelete());
    long most = or0(then.toUpdate()) + or0(then.toDelete());
    return rows <= most
        ? Optional.empty()
        : Optional.of(
            beyond(
                "would change " + Amount.of(rows, "row"),
                Amount.are(most) + " approved, and approve is exact"));
  }

  /**
   * That it would write other rows than those approved.
   *
   * @param given what the dry run wrote with {@code --diff}, of which the first keys that differ
   *     are named; empty where it is not at hand
   */
  Optional<Refusal> differing(DiffSum sum, Supplier<StepDiff> rows, Optional<DiffInput> given) {
    return sum.checksum().equals(then.diffChecksum())
        ? Optional.empty()
        : Optional.of(
            refusal(
                "would write other rows than those approved, and approve is exact: the checksum of its %s is %s, and %s is approved"
                        .formatted(
                            Amount.of(sum.rows(), "row"), sum.checksum(), then.diffChecksum())
                    + named(rows, given)));
  }

  private static String named(Supplier<StepDiff> rows, Optional<DiffInput> given) {
    if (given.isEmpty()) {
      return "; --approved-diff FILE names the first keys that differ, of what plan wrote with --diff";
    }
    try {
      List<String> keys = DifferingKeys.of(given.get(), rows.get());
      return keys.isEmpty()
          ? "; %s has the same rows: it is not the diff of the approved dry run"
              .formatted(given.get().given())
          : "; the first that differ: " + String.join(", ", keys);
    } catch (IOException e) {
      return "; the keys that differ cannot be named: " + e.getMessage();
    }
  }

  private Optional<Refusal> drifted(String verb, Long now, Long approved) {
    BigDecimal most =
        BigDecimal.valueOf(or0(approved))
            .multiply(BigDecimal.valueOf(100L + driftPercent))
            .movePointLeft(2);
    return BigDecimal.valueOf(or0(now)).compareTo(most) <= 0
        ? Optional.empty()
        : Optional.of(
            beyond(
                "would " + verb + " " + Amount.of(now, "row"),
                String.format(
                    Locale.ROOT,
                    "%s approved, and limits.drift-percent is %d: at most %,d",
                    Amount.are(or0(approved)),
                    driftPercent,
                    most.longValue())));
  }

  private List<Refusal> cascades(StepReport now) {
    if (now.cascaded() == null) {
      return List.of(
          beyond(
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
                        "would take along %s of %s with those that it deletes"
                            .formatted(Amount.of(rows, "row"), table),
                        Amount.are(most) + " approved"));
              }
            });
    return refusals;
  }

  private Refusal beyond(String does, String most) {
    return refusal(does + ", and " + most);
  }

  /**
   * @param sentence goes on after the step's name
   */
  private Refusal refusal(String sentence) {
    return Refusal.byApproval(step, "step " + step.name() + " " + sentence);
  }

  private static long or0(Long count) {
    return count == null ? 0 : count;
  }
}
