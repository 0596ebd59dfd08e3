package backfill.run;

import backfill.plan.Amount;
import backfill.plan.Limits;
import backfill.plan.Limits.Bound;
import backfill.plan.Step;
import backfill.report.Refusal;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.StepRun;
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
  List<Refusal> refusals(StepRun run, DiffCounts planned, Map<String, Long> cascaded) {
    List<Refusal> refusals = new ArrayList<>();
    boolean inserts = planned.toInsert() != null && planned.toInsert() > 0;
    if (inserts) {
      refusals.addAll(tooManyRows(run, planned));
    }
    set(run.step(), planned.toUpdate()).ifPresent(refusals::add);
    if (inserts || planned.toUpdate() != null && planned.toUpdate() > 0) {
      refusals.addAll(tooMuchForOne(run));
    }
    if (planned.toDelete() != null && planned.toDelete() > 0) {
      deletions(run.step(), planned.toDelete(), cascaded).ifPresent(refusals::add);
    }
    return refusals;
  }

  private List<Refusal> tooManyRows(StepRun run, DiffCounts planned) {
    Step step = run.step();
    return Stream.of(
            beyond(step, Bound.ROWS_INSERTED, () -> inserted(planned)),
            beyond(step, Bound.GROWTH_PERCENT, () -> growth(step, planned)))
        .flatMap(Optional::stream)
        .toList();
  }

  private List<Refusal> tooMuchForOne(StepRun run) {
    Step step = run.step();
    boolean pairs = step instanceof Step.Pairs;
    return Stream.of(
            beyond(
                step,
                Bound.PAIRS_FOR_ONE_USER,
                () ->
                    run.told()
                        .widestUser(limits.except(Bound.PAIRS_FOR_ONE_USER))
                        .map(
                            user ->
                                reach(
                                    user.pairs(),
                                    "plans %s for user %s",
                                    Amount.of(user.pairs(), pairs ? "pair" : "row"),
                                    user.key()))),
            beyond(
                step,
                Bound.USERS_OF_ONE_OBJECT,
                () ->
                    run.told()
                        .widestObject(limits.except(Bound.USERS_OF_ONE_OBJECT))
                        .map(
                            of ->
                                reach(
                                    of.pairs(),
                                    "plans %s for object %s",
                                    Amount.of(of.pairs(), pairs ? "user" : "row"),
                                    of.key()))))
        .flatMap(Optional::stream)
        .toList();
  }

  /**
   * What a step would set.
   *
   * @param rows null where that is not known, or where it sets none
   */
  Optional<Refusal> set(Step step, Long rows) {
    return rows == null || rows == 0
        ? Optional.empty()
        : beyond(
            step,
            Bound.ROWS_SET,
            () -> Optional.of(reach(rows, "would set %s", Amount.of(rows, "row"))));
  }

  /**
   * What a step would delete, with all that goes along.
   *
   * @param cascaded null where that is not known
   */
  Optional<Refusal> deletions(Step step, Long rows, Map<String, Long> cascaded) {
    OptionalLong most = limits.most(Bound.ROWS_DELETED, step);
    if (most.isEmpty() || rows == null || rows == 0) {
      return Optional.empty();
    }
    if (cascaded == null) {
      return Optional.of(
          Refusal.byLimit(
              step,
              String.format(
                  Locale.ROOT,
                  "step %s would delete %s, and how many go along with them is not known before, while"
                      + " limits.rows-deleted is %,d",
                  step.name(),
                  Amount.of(rows, "row"),
                  most.getAsLong())));
    }
    long along = cascaded.values().stream().mapToLong(Long::longValue).sum();
    String all = Amount.of(rows + along, "row");
    Reach reach =
        along == 0
            ? reach(rows, "would delete %s", all)
            : reach(
                rows + along,
                "would delete %s (%,d of %s, and %,d along with them)",
                all,
                rows,
                step.target(),
                along);
    return beyond(step, Bound.ROWS_DELETED, () -> Optional.of(reach));
  }

  /**
   * What a step would delete because nothing justifies it any more. Much of it at once is the mark
   * of a source that was lost, and not of so many revocations; a source that had rows and has none
   * is one however little followed from it.
   *
   * @param emptied sources that had rows when the last run read them and have none now, in words
   */
  List<Refusal> surplus(Step step, DiffCounts planned, List<String> emptied) {
    OptionalLong most = limits.most(Bound.SURPLUS_PERCENT, step);
    if (most.isEmpty() || planned.toDelete() == null || planned.toDelete() == 0) {
      return List.of();
    }
    List<Refusal> refusals = new ArrayList<>();
    if (most.getAsLong() < 100) {
      emptied.forEach(
          source ->
              refusals.add(
                  Refusal.byLimit(
                      step,
                      String.format(
                          Locale.ROOT,
                          "step %s would delete %s of %s, and %s, while limits.surplus-percent is %,d, and not"
                              + " 100",
                          step.name(),
                          Amount.of(planned.toDelete(), "row"),
                          step.target(),
                          source,
                          most.getAsLong()))));
    }
    if (refusals.isEmpty()) {
      beyond(step, Bound.SURPLUS_PERCENT, () -> share(step, planned)).ifPresent(refusals::add);
    }
    return refusals;
  }

  private Optional<Refusal> beyond(Step step, Bound bound, Supplier<Optional<Reach>> reach) {
    OptionalLong limit = limits.most(bound, step);
    if (limit.isEmpty()) {
      return Optional.empty();
    }
    long most = limit.getAsLong();
    return reach
        .get()
        .filter(found -> found.amount().compareTo(BigDecimal.valueOf(most)) > 0)
        .map(
            found ->
                Refusal.byLimit(
                    step,
                    String.format(
                        Locale.ROOT,
                        "step %s %s, and limits.%s is %,d",
                        step.name(),
                        found.words(),
                        bound.key(),
                        most)));
  }

  private static Optional<Reach> inserted(DiffCounts planned) {
    return Optional.of(
        reach(planned.toInsert(), "would insert %s", Amount.of(planned.toInsert(), "row")));
  }

  /** Of an empty table there is no percentage. */
  private static Optional<Reach> growth(Step step, DiffCounts planned) {
    long rows = planned.targetRows();
    if (rows == 0) {
      return Optional.empty();
    }
    BigDecimal percent = percent(planned.toInsert(), rows);
    String words =
        String.format(
            Locale.ROOT,
            "would let %s grow by %s percent (%s beside %,d)",
            step.target(),
            percent,
            Amount.of(planned.toInsert(), "row"),
            rows);
    return Optional.of(new Reach(percent, words));
  }

  private static Optional<Reach> share(Step step, DiffCounts planned) {
    BigDecimal percent = percent(planned.toDelete(), planned.targetRows());
    return Optional.of(
        new Reach(
            percent,
            String.format(
                Locale.ROOT,
                "would delete %,d of %s of %s (%s percent), which nothing justifies any more",
                planned.toDelete(),
                Amount.of(planned.targetRows(), "row"),
                step.target(),
                percent)));
  }

  /** Rounded up, what is beyond a whole number of percent stays beyond it. */
  private static BigDecimal percent(long part, long whole) {
    return BigDecimal.valueOf(part)
        .multiply(BigDecimal.valueOf(100))
        .divide(BigDecimal.valueOf(whole), 1, RoundingMode.CEILING);
  }

  /**
   * @param format a constant: a name of the database's may hold a percent sign
   */
  private static Reach reach(long amount, String format, Object... of) {
    return new Reach(BigDecimal.valueOf(amount), String.format(Locale.ROOT, format, of));
  }
}
