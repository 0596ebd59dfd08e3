package backfill.plan.level;

import java.util.List;

/**
 * The levels that a step of pairs knows, and where each of its sources has one.
 *
 * @param ascending all of them, the lowest first; empty where they are the numbers that the sources
 *     have
 * @param numbers whether they are whole numbers, and not texts
 */
public record LevelOrder(List<String> ascending, boolean numbers) {
  /** How many there may be. */
  public static final int MOST = 64;

  /** Whatever numbers the sources have. */
  public static final LevelOrder OF_SOURCES = new LevelOrder(List.of(), true);

  public LevelOrder {
    ascending = List.copyOf(ascending);
  }

  /**
   * The level of a source's rows.
   *
   * @param column the column that has it; null where all rows have one
   * @param constant that one; else null
   * @param bare whether the constant is written like a column's name
   */
  public record OfSource(String column, String constant, boolean bare) {}
}
