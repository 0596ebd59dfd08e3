package backfill.spark;

import java.io.Serializable;

/**
 * Some rows (key, member) as two arrays of equal length: what Spark keeps of a table of grants or
 * memberships, 16 bytes a row.
 *
 * @param rows how many rows of the table they were made of; one that lacks its key or its member
 *     grants nothing and is in neither array
 */
record LongPairs(long[] keys, long[] members, long rows) implements Serializable {

  /** How many rows one of these holds at most. */
  static final int SIZE = 65_536;

  int size() {
    return keys.length;
  }
}
