package backfill.spark.step;

import java.util.List;

/**
 * Who would get most from a step: what a person approves by.
 *
 * @param direct pairs to add that a source names; null for a step of rows
 * @param throughGroups pairs to add that only a group gives; null for a step of rows
 * @param users the ten users that gain most, most first
 * @param objects the ten objects that gain most, most first
 */
public record Gains(Long direct, Long throughGroups, List<Gainer> users, List<Gainer> objects) {

  /** How many users and objects are listed. */
  public static final int LISTED = 10;

  /**
   * One of them, and how many pairs it gains.
   *
   * @param key a number, or a text
   */
  public record Gainer(Object key, long pairs) {}
}
