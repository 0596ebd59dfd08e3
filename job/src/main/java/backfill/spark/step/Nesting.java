package backfill.spark.step;

import backfill.membership.Components;
import java.util.List;
import java.util.function.LongFunction;

/**
 * What a step's sources say of what is nested in what.
 *
 * @param edges rows that name a parent and a child
 * @param keys how many different keys these have
 * @param selfNested how many of them are nested in themselves by a row of their own
 * @param cycles how many circles there are, of two keys or more: each counts as one set
 * @param inCycles how many keys are in one
 * @param firstCycles those with the smallest keys
 */
public record Nesting(
    long edges, long keys, long selfNested, long cycles, long inCycles, List<Cycle> firstCycles) {
  /** How many circles are named. */
  public static final int LISTED = 20;

  /** How many keys of one are named. */
  public static final int LISTED_OF_EACH = 20;

  public Nesting {
    firstCycles = List.copyOf(firstCycles);
  }

  /** By the components of what may be a part of the whole that has all circles. */
  public static Nesting of(long edges, long keys, Components components, LongFunction<Object> key) {
    return new Nesting(
        edges,
        keys,
        components.selfNested(),
        components.cycles(),
        components.inCycles(),
        components.firstCycles(LISTED, LISTED_OF_EACH).stream()
            .map(cycle -> new Cycle(cycle.size(), cycle.first().stream().map(key::apply).toList()))
            .toList());
  }

  /**
   * What a step nests.
   *
   * @param groups null where no groups are nested
   * @param objects null where no objects are
   */
  public record OfStep(Nesting groups, Nesting objects) {
    public static final OfStep NONE = new OfStep(null, null);
  }

  /**
   * One circle.
   *
   * @param size how many keys are in it
   * @param first the smallest of them
   */
  public record Cycle(long size, List<Object> first) {
    public Cycle {
      first = List.copyOf(first);
    }
  }
}
