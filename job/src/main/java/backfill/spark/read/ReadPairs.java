package backfill.spark.read;

import backfill.spark.engine.Derived;
import java.io.Serializable;
import org.apache.spark.api.java.JavaRDD;

/**
 * Some rows (key, member) as they were read: what Spark keeps of a table of grants or memberships.
 *
 * @param levels of each pair, where rows have one; else null
 * @param rows how many rows of the table they were made of; one that lacks its key or its member
 *     grants nothing and is in neither column
 */
public record ReadPairs(
    KeyColumn keys, KeyColumn members, LevelNumbers.LevelColumn levels, long rows)
    implements Serializable {

  /** How many rows one of these holds at most. */
  static final int SIZE = 65_536;

  /** The same pairs as they are stored. */
  ReadPairs stored(StoredKeys asKeys, StoredKeys asMembers) {
    return new ReadPairs(keys.stored(asKeys), members.stored(asMembers), levels, rows);
  }

  /** Pairs as they are stored, of those that sources name. */
  public static JavaRDD<ReadPairs> stored(
      JavaRDD<ReadPairs> named, StoredKeys asKeys, StoredKeys asMembers) {
    return asKeys.changesNothing() && asMembers.changesNothing()
        ? named
        : Derived.each(named, some -> some.stored(asKeys, asMembers));
  }

  /** The same of pairs that a target has. */
  public static JavaRDD<ReadPairs> ofTarget(
      JavaRDD<ReadPairs> read, StoredKeys asKeys, StoredKeys asMembers) {
    return stored(read, asKeys.ofTheTarget(), asMembers.ofTheTarget());
  }

  /** How many of them are pairs. */
  int size() {
    return keys.size();
  }
}
