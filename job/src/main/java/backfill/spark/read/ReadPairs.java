package backfill.spark.read;

import java.io.Serializable;

/**
 * Some rows (key, member) as they were read: what Spark keeps of a table of grants or memberships.
 *
 * @param rows how many rows of the table they were made of; one that lacks its key or its member
 *     grants nothing and is in neither column
 */
public record ReadPairs(KeyColumn keys, KeyColumn members, long rows) implements Serializable {

  /** How many rows one of these holds at most. */
  static final int SIZE = 65_536;

  /** The same pairs as columns of at most so many characters store them. */
  public ReadPairs cutTo(int keyCharacters, int memberCharacters) {
    return new ReadPairs(keys.cutTo(keyCharacters), members.cutTo(memberCharacters), rows);
  }

  /** How many of them are pairs. */
  int size() {
    return keys.size();
  }
}
