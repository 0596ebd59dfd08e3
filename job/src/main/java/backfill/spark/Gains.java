package backfill.spark;

import java.io.Serializable;
import java.util.List;

/**
 * Who would get most from a step of pairs: what a person approves by.
 *
 * @param direct pairs to add that a source names
 * @param throughGroups pairs to add that only a group gives
 * @param users the ten users that gain most, most first
 * @param objects the ten objects that gain most, most first
 */
public record Gains(long direct, long throughGroups, List<Gain> users, List<Gain> objects) {

  /** How many users and objects are listed. */
  public static final int LISTED = 10;

  /** One of them, and how many pairs it gains. */
  public record Gain(long key, long pairs) implements Comparable<Gain>, Serializable {
    /** More pairs are more; of the same number, the smaller key comes first. */
    @Override
    public int compareTo(Gain other) {
      int order = Long.compare(pairs, other.pairs);
      return order != 0 ? order : Long.compare(other.key, key);
    }
  }
}
