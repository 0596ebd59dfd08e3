package backfill.postgres.ledger;

import java.util.Arrays;
import java.util.List;

/**
 * The rows that one batch added, set or deleted, by column: the key of each, and what was kept of
 * the values that it held before and holds since.
 *
 * @param columns the key's first, in the order of the index that decides what a conflict is
 * @param size how many rows
 * @param imaged whether all that is needed to put back what rows held before is among the columns
 */
public record ChangedRows(List<Kept> columns, int size, boolean imaged) {

  /** What a column's values are. */
  public enum Role {
    /** The row's key. */
    KEY,
    /** What the row held before. */
    BEFORE,
    /** What was written. */
    AFTER
  }

  /**
   * One column.
   *
   * @param name the target's
   * @param type what a text of it is cast to
   * @param values {@code long[]} where each is an integer, else {@code String[]}, as the server
   *     writes them, null for NULL
   */
  public record Kept(String name, String type, Role role, Object values) {

    /** One value as the server writes it, or null. */
    public String text(int row) {
      return values instanceof long[] numbers
          ? Long.toString(numbers[row])
          : ((String[]) values)[row];
    }

    /** The same values, which are something else now. */
    public Kept as(Role other) {
      return new Kept(name, type, other, values);
    }

    private Kept at(int[] places) {
      Object some =
          values instanceof long[] numbers
              ? Arrays.stream(places).mapToLong(place -> numbers[place]).toArray()
              : Arrays.stream(places)
                  .mapToObj(place -> ((String[]) values)[place])
                  .toArray(String[]::new);
      return new Kept(name, type, role, some);
    }

    /** The smallest and the largest; null where they are no integers. */
    private long[] bounds() {
      if (!(values instanceof long[] numbers) || numbers.length == 0) {
        return null;
      }
      long[] bounds = {numbers[0], numbers[0]};
      for (long number : numbers) {
        bounds[0] = Math.min(bounds[0], number);
        bounds[1] = Math.max(bounds[1], number);
      }
      return bounds;
    }
  }

  /** The rows at these places. */
  public ChangedRows at(int[] places) {
    List<Kept> some = columns.stream().map(column -> column.at(places)).toList();
    return new ChangedRows(some, places.length, imaged);
  }

  /** The columns of one role, in order. */
  public List<Kept> columns(Role role) {
    return columns.stream().filter(column -> column.role() == role).toList();
  }

  /** The key of one row, as the server writes it. */
  public List<String> key(int row) {
    return columns(Role.KEY).stream().map(column -> column.text(row)).toList();
  }

  /**
   * The smallest and the largest value of the key's first column, by which a batch is found; null
   * where these are no integers.
   */
  long[] bounds() {
    return columns.get(0).bounds();
  }
}
