package backfill;

import backfill.plan.Limits;
import backfill.plan.Step;
import backfill.spark.StepPlan;
import backfill.spark.StepRun;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Holds what a step would write against the plan's limits. */
final class Guards {
  private final Limits limits;

  Guards(Limits limits) {
    this.limits = limits;
  }

  /**
   * Why a step may not write.
   *
   * @param sentence names the step, what it would go beyond, and both numbers
   * @param byLimit whether that is a limit of the plan
   */
  record Refusal(Step step, String sentence, boolean byLimit) {}

  /**
   * How far a step would go.
   *
   * @param words go on after the step's name
   */
  private record Reach(BigDecimal amount, String words) {}

  /** Whether a limit is set that is asked before anything is written. */
  boolean any() {
    return limits.guardTheWrite();
  }

  /**
   * Every limit that a step would go beyond. A step that adds nothing is within those of adding:
   * what was there before is no news.
   *
   * @param cascaded table to rows that go along with those it deletes; null where that is not known
   */
  List<Refusal> refusals(StepRun run, StepPlan planned, Map<String, Long> cascaded) {
    List<Refusal> refusals = new ArrayList<>();
    if (planned.toInsert() != null && planned.toInsert() > 0) {
      refusals.addAll(tooManyRows(run, planned));
    }
    if (planned.toDelete() != null && planned.toDelete() > 0) {
      deletions(run.step(), planned.toDelete(), cascaded).ifPresent(refusals::add);
    }
    return refusals;
  }

  private List<Refusal> tooManyRows(StepRun run, StepPlan planned) {
    Step step = run.step();
    return Stream.of(
            beyond(step, "rows-inserted", limits.rowsInserted(), () -> inserted(planned)),
            beyond(step, "growth-percent", limits.growthPercent(), () -> growth(step, planned)),
            beyond(
                step,
                "pairs-for-one-user",
                limits.pairsForOneUser(),
                () ->
                    run.widestUser()
                        .map(
                            user ->
                                reach("plans %,d pairs for user %s", user.pairs(), user.key()))),
            beyond(
                step,
                "users-of-one-object",
                limits.usersOfOneObject(),
                () ->
                    run.widestObject()
                        .map(of -> reach("plans %,d users for object %s", of.pairs(), of.key()))))
        .flatMap(Optional::stream)
        .toList();
  }

  /**
   * What a step would delete, with all that goes along.
   *
   * @param cascaded null where that is not known
   */
  Optional<Refusal> deletions(Step step, Long rows, Map<String, Long> cascaded) {
    if (limits.rowsDeleted().isEmpty() || rows == null || rows == 0) {
      return Optional.empty();
    }
    if (cascaded == null) {
      return Optional.of(
          new Refusal(
              step,
              String.format(
                  Locale.ROOT,
                  "step %s would delete %,d rows, and how many go along with them is not known before, while"
                      + " limits.rows-deleted is %,d",
                  step.name(),
                  rows,
                  limits.rowsDeleted().getAsLong()),
              true));
    }
    long along = cascaded.values().stream().mapToLong(Long::longValue).sum();
    String words =
        along == 0
            ? "would delete %,d rows"
            : String.format(
                Locale.ROOT,
                "would delete %%,d rows (%,d of %s, and %,d along with them)",
                rows,
                step.target(),
                along);
    return beyond(
        step, "rows-deleted", limits.rowsDeleted(), () -> Optional.of(reach(words, rows + along)));
  }

  private static Optional<Refusal> beyond(
      Step step, String name, OptionalLong limit, Supplier<Optional<Reach>> reach) {
    if (limit.isEmpty()) {
      return Optional.empty();
    }
    long most = limit.getAsLong();
    return reach
        .get()
        .filter(found -> found.amount().compareTo(BigDecimal.valueOf(most)) > 0)
        .map(
            found ->
                new Refusal(
                    step,
                    String.format(
                        Locale.ROOT,
                        "step %s %s, and limits.%s is %,d",
                        step.name(),
                        found.words(),
                        name,
                        most),
                    true));
  }

  private static Optional<Reach> inserted(StepPlan planned) {
    return Optional.of(reach("would insert %,d rows", planned.toInsert()));
  }

  /** Of an empty table there is no percentage. */
  private static Optional<Reach> growth(Step step, StepPlan planned) {
    long rows = planned.targetRows();
    if (rows == 0) {
      return Optional.empty();
    }
    // rounded up, a growth beyond a whole number of percent stays beyond it
    BigDecimal percent =
        BigDecimal.valueOf(planned.toInsert())
            .multiply(BigDecimal.valueOf(100))
            .divide(BigDecimal.valueOf(rows), 1, RoundingMode.CEILING);
    String words =
        String.format(
            Locale.ROOT,
            "would let %s grow by %s percent (%,d rows beside %,d)",
            step.target(),
            percent,
            planned.toInsert(),
            rows);
    return Optional.of(new Reach(percent, words));
  }

  /**
   * @param words name the amount, and then what it is of
   */
  private static Reach reach(String words, long amount, Object... of) {
    List<Object> named = new ArrayList<>(List.of(of));
    named.add(0, amount);
    return new Reach(
        BigDecimal.valueOf(amount), String.format(Locale.ROOT, words, named.toArray()));
  }
}
