package backfill.spark.diff;

import backfill.plan.Step;
import backfill.postgres.server.RowEvent;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Of what the rows of one step's diff are made, and in which order.
 *
 * @param key the columns that identify a row
 * @param before the columns whose values the target's rows were read for
 * @param inserted the columns of a new row besides its key
 * @param set the columns that are written into a row that is there
 * @param varying the columns whose values are others in each run, by {@code :now} or {@code
 *     run_uuid}: no two runs are compared by them
 */
public record DiffShape(
    String step,
    String target,
    List<String> key,
    List<String> before,
    List<String> inserted,
    List<String> set,
    Set<String> varying)
    implements Serializable {

  /**
   * Of pairs: a key, and the level where they have one.
   *
   * @param set what a new row gets besides
   */
  public static DiffShape ofPairs(
      Step.Pairs step, String target, List<String> set, Set<String> varying) {
    List<String> level = step.into().level().stream().toList();
    return new DiffShape(
        step.name(),
        target,
        step.key(),
        level,
        Stream.concat(level.stream(), set.stream()).toList(),
        level,
        varying);
  }

  /** The columns of a row's new values. */
  public List<String> after(RowEvent event) {
    return switch (event) {
      case INSERT -> inserted;
      case UPDATE -> set;
      case DELETE -> List.of();
    };
  }

  /** Of the columns that such a row has, those whose values vary. */
  List<String> varying(RowEvent event) {
    return Stream.concat(key.stream(), after(event).stream()).filter(varying::contains).toList();
  }
}
