package backfill.postgres.ledger;

import java.io.Serializable;

/**
 * What became of the rows of a DataFrame: {@code rows} is the sum of all the others.
 *
 * @param present rows that were left out because their key was there
 * @param absent rows that were left out because their key was not
 * @param repeated rows that were the same as another one
 */
public record ModeCounts(
    long rows,
    long inserted,
    long updated,
    long unchanged,
    long present,
    long absent,
    long repeated,
    long rejected)
    implements Serializable {

  /**
   * What writers did in a mode.
   *
   * @param repeated rows that they were given and did not count
   */
  public static ModeCounts of(WriteMode mode, WriteCounts counts, long repeated) {
    long there = counts.left() - counts.leaving().absent();
    return new ModeCounts(
        counts.rows() + repeated,
        counts.changed() - counts.set(),
        counts.set(),
        mode.sets() ? there : 0,
        mode.sets() ? 0 : there,
        counts.leaving().absent(),
        repeated,
        counts.rejected());
  }

  /** For people: only what there is any of, behind the number of rows. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(rows == 1 ? "1 row" : rows + " rows");
    String[] words = {
      "inserted", "updated", "unchanged", "there already", "not there", "repeated", "rejected"
    };
    long[] counts = {inserted, updated, unchanged, present, absent, repeated, rejected};
    for (int i = 0; i < words.length; i++) {
      if (counts[i] > 0) {
        text.append(", ").append(counts[i]).append(' ').append(words[i]);
      }
    }
    return text.toString();
  }
}
