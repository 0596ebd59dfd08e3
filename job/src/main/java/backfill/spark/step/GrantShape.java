package backfill.spark.step;

import java.util.ArrayList;
import java.util.List;

/**
 * What the grants of a step of pairs are like, as a dry run says it before anything is written.
 *
 * @param groups null where the step grants nothing through groups
 * @param ways rows by which pairs are given: of each direct source (object, user), of each other
 *     one (object, group, user of the closed group), each once
 * @param closed null where the step grants nothing through groups
 */
public record GrantShape(
    Groups groups, Objects objects, Given pairs, List<Source> sources, long ways, Closed closed) {
  /** How many groups, and objects, are named. */
  public static final int LISTED = 10;

  /** Where a range of depths ends: up to where engines of authorization go, and by tens. */
  private static final int[] ENDS = {0, 1, 2, 3, 4, 5, 10, 25, 50, 100, 1_000, 10_000};

  public GrantShape {
    sources = List.copyOf(sources);
  }

  /**
   * Groups.
   *
   * @param groups those that a source names
   * @param memberships rows that name a user of a group
   * @param nestings rows that name a group within a group
   * @param cycles circles of nested groups
   * @param depths of nested groups: how many have so many levels of groups below them
   * @param largest those that are granted something with most users, all nested ones included
   */
  public record Groups(
      long groups,
      long memberships,
      long nestings,
      long cycles,
      List<Depth> depths,
      List<Largest> largest) {
    public Groups {
      depths = List.copyOf(depths);
      largest = List.copyOf(largest);
    }
  }

  /**
   * Objects.
   *
   * @param objects those that have a pair
   * @param nestings rows that name an object within an object
   * @param cycles circles of objects
   * @param depths of objects that hold others: how many have so many levels of objects above them
   * @param largest those with most users
   */
  public record Objects(
      long objects, long nestings, long cycles, List<Depth> depths, List<Largest> largest) {
    public Objects {
      depths = List.copyOf(depths);
      largest = List.copyOf(largest);
    }
  }

  /** How many keys have depths in a range. */
  public record Depth(long from, long to, long keys) {}

  /** A group, or an object, and its users. */
  public record Largest(Object key, long users) {}

  /**
   * Pairs, each counted where it is found first.
   *
   * @param direct those for which a source names the user of the object itself
   * @param through of the others those for which it names a group that has the user itself
   * @param nested of the others: only groups within groups, or objects within objects, give them
   */
  public record Given(long all, long direct, long through, long nested) {}

  /**
   * One source.
   *
   * @param kind direct or through
   * @param alone pairs that it gives, whatever others give
   * @param beyond of these, the pairs that no other source gives
   */
  public record Source(String source, String kind, long alone, long beyond) {}

  /**
   * Rows that two tables would have instead of pairs, by which an engine of authorization answers.
   *
   * @param memberToGroup (user, granted group), all nested groups included
   * @param groupToObject (granted group, object), all objects below the granted ones included
   */
  public record Closed(long memberToGroup, long groupToObject) {}

  /** Depths in ranges, those that no key has left out; the last one ends with the deepest. */
  public static List<Depth> condensed(long[] counts) {
    List<Depth> depths = new ArrayList<>();
    int from = 0;
    for (int range = 0; from < counts.length; range++) {
      int to = range < ENDS.length ? Math.min(ENDS[range], counts.length - 1) : counts.length - 1;
      long keys = 0;
      for (int depth = from; depth <= to; depth++) {
        keys += counts[depth];
      }
      if (keys > 0) {
        depths.add(new Depth(from, to, keys));
      }
      from = to + 1;
    }
    return depths;
  }
}
