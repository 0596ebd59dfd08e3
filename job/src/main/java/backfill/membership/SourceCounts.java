package backfill.membership;

import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;

/**
 * Adds up, object by object, what each source gives it: the parts of one object come one after the
 * other. Used once, by one thread.
 */
public final class SourceCounts {
  private final SourceTotals totals;
  private final GroupUsers map;
  private final long[] sizes;
  private final GroupUsers ownMap;
  private final boolean nests;
  private final Fit fit;
  private final ObjectUsers[] given;
  private final RoaringBitmap[] named;
  private final RoaringBitmap ownDirect = new RoaringBitmap();
  private final ObjectUsers ownThrough = new ObjectUsers();

  /**
   * @param totals of no object yet
   * @param map the broadcast group map, or null where it is joined
   * @param ownMap the same of the users whom groups have themselves
   * @param sizes how many users each granted group has, by its number
   * @param nests whether groups or objects are nested
   * @param fit takes those away who are no pair with an object
   */
  public SourceCounts(
      SourceTotals totals,
      GroupUsers map,
      GroupUsers ownMap,
      long[] sizes,
      boolean nests,
      Fit fit) {
    this.totals = totals;
    this.map = map;
    this.ownMap = ownMap;
    this.sizes = sizes;
    this.nests = nests;
    this.fit = fit;
    this.given = new ObjectUsers[totals.sources()];
    Arrays.setAll(given, place -> new ObjectUsers());
    this.named = sets(totals.sources());
  }

  /** Which users an object may have at all. */
  @FunctionalInterface
  public interface Fit {
    /** Takes the others away. */
    void keep(long object, RoaringBitmap users);
  }

  private RoaringBitmap fitting(long object, RoaringBitmap users) {
    fit.keep(object, users);
    return users;
  }

  private static RoaringBitmap[] sets(int count) {
    RoaringBitmap[] sets = new RoaringBitmap[count];
    Arrays.setAll(sets, place -> new RoaringBitmap());
    return sets;
  }

  /** Users whom a source gives the object. */
  public void give(int source, RoaringBitmap users) {
    given[source].addThroughGroup(users);
  }

  /** Groups that a source names for the object, by their numbers in the map. */
  public void giveGroups(int source, RoaringBitmap groups) {
    groups.forEach((int group) -> given[source].addThroughGroup(map.users(group)));
  }

  /** The same groups by the numbers that their sizes have. */
  public void name(int source, RoaringBitmap groups) {
    named[source].or(groups);
  }

  /** Users whom a source names for the object itself. */
  public void own(RoaringBitmap users) {
    ownDirect.or(users);
  }

  /** Users whom groups that are named for the object itself have themselves. */
  public void ownThrough(RoaringBitmap users) {
    ownThrough.addThroughGroup(users);
  }

  /** Such groups, by their numbers in the second map. */
  public void ownGroups(RoaringBitmap groups) {
    groups.forEach((int group) -> ownThrough.addThroughGroup(ownMap.users(group)));
  }

  /** Of all objects that have ended. */
  public SourceTotals totals() {
    return totals;
  }

  /** The object has all its parts; another one may come. */
  public void end(long object) {
    RoaringBitmap all = new RoaringBitmap();
    RoaringBitmap twice = new RoaringBitmap();
    RoaringBitmap direct = new RoaringBitmap();
    RoaringBitmap groups = new RoaringBitmap();
    RoaringBitmap[] users =
        Arrays.stream(given)
            .map(some -> fitting(object, some.justified()))
            .toArray(RoaringBitmap[]::new);
    long waysToIt = 0;
    for (int source = 0; source < given.length; source++) {
      twice.or(RoaringBitmap.and(all, users[source]));
      all.or(users[source]);
      groups.or(named[source]);
      if (totals.isDirect(source)) {
        direct.or(users[source]);
        waysToIt += users[source].getLongCardinality();
      } else {
        waysToIt += users(named[source]);
      }
    }
    for (int source = 0; source < given.length; source++) {
      totals.add(
          source,
          users[source].getLongCardinality(),
          RoaringBitmap.andNotCardinality(users[source], twice));
    }
    RoaringBitmap own = nests ? fitting(object, ownDirect) : direct;
    totals.addObject(
        all.getLongCardinality(),
        own.getLongCardinality(),
        nests
            ? RoaringBitmap.andNotCardinality(fitting(object, ownThrough.justified()), own)
            : all.getLongCardinality() - own.getLongCardinality(),
        waysToIt,
        groups.getLongCardinality());
    Arrays.stream(given).forEach(ObjectUsers::clear);
    Arrays.stream(named).forEach(RoaringBitmap::clear);
    ownDirect.clear();
    ownThrough.clear();
  }

  private long users(RoaringBitmap groups) {
    long users = 0;
    for (int group : groups.toArray()) {
      users += sizes[group];
    }
    return users;
  }
}
