package backfill.spark;

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
  public record Gain(long key, long pairs) {}
}
