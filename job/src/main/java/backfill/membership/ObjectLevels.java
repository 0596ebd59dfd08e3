package backfill.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.roaringbitmap.RoaringBitmap;

/**
 * What the sources and the target say about one object, gathered part by part, where grants have
 * levels. Reused for one object after another by a single thread.
 */
public final class ObjectLevels {
  private final RoaringBitmap direct = new RoaringBitmap();
  private final List<List<RoaringBitmap>> granted = new ArrayList<>();
  private final Map<Integer, RoaringBitmap> existing = new TreeMap<>();
  private final List<Some> few = new ArrayList<>();
  private final RoaringBitmap foreign = new RoaringBitmap();
  private LevelUnion union;
  private long unknownExisting;

  /** Users of a group, each at its level, and at this one at most. */
  private record Some(LevelMembers users, int most) {}

  /**
   * @param levels how many there are
   */
  public ObjectLevels(int levels) {
    for (int level = 0; level < levels; level++) {
      granted.add(new ArrayList<>());
    }
  }

  /** Forgets the object before. */
  public void clear() {
    direct.clear();
    granted.forEach(List::clear);
    few.clear();
    existing.clear();
    foreign.clear();
    unknownExisting = 0;
  }

  /** Users whom a source names for the object at a level; not to be changed meanwhile. */
  public void addDirect(int level, RoaringBitmap users) {
    direct.or(users);
    granted.get(level).add(users);
  }

  /** The users of a group of one map that a source names for the object at a level. */
  public void addThroughGroup(int level, GroupUsers groups, int number) {
    LevelMembers byLevel = groups.levels() > 1 ? groups.byLevel(number) : null;
    if (byLevel != null && byLevel.few() != null) {
      if (byLevel.size() > 0) {
        union = union == null ? LevelUnion.oneOfSeveral(groups.endsOfFew()) : union;
        few.add(new Some(byLevel, level));
      }
      return;
    }
    for (int each = 0; each < groups.levels(); each++) {
      RoaringBitmap users = groups.users(number, each);
      if (users != null) {
        granted.get(Math.min(level, each)).add(users);
      }
    }
  }

  /** Users who have the object at a level by a group; not to be changed meanwhile. */
  public void addThroughGroup(int level, RoaringBitmap users) {
    granted.get(level).add(users);
  }

  /**
   * Users whom the target has for the object.
   *
   * @param value a number for what stands there for their level, beyond the levels if it is none
   */
  public void addExisting(int value, RoaringBitmap users) {
    existing.computeIfAbsent(value, first -> new RoaringBitmap()).or(users);
  }

  /** Users whom the target has for the object in a row that is not the step's. */
  public void addForeign(RoaringBitmap users) {
    foreign.or(users);
  }

  /** Rows of the target whose user no source names anywhere: surplus, whatever the object. */
  public void addUnknownExisting(long rows) {
    unknownExisting += rows;
  }

  /** The users whom the sources give the object, each at the highest level that they give. */
  public LevelMembers justified() {
    if (few.isEmpty()) {
      return LevelMembers.of(united());
    }
    LevelMembers together = together();
    if (granted.stream().allMatch(List::isEmpty)) {
      return together;
    }
    for (int level = 0; level < granted.size(); level++) {
      RoaringBitmap users = together.bitmap(level);
      if (users != null) {
        granted.get(level).add(users);
      }
    }
    return LevelMembers.of(united());
  }

  private LevelMembers together() {
    Some first = few.get(0);
    if (few.size() == 1 && first.users.highest() <= first.most) {
      return first.users;
    }
    for (Some some : few) {
      union.add(some.users.few(), some.most);
    }
    return LevelMembers.of(union.taken(), granted.size());
  }

  private LevelSets united() {
    LevelSets all = new LevelSets(granted.size());
    RoaringBitmap higher = new RoaringBitmap();
    for (int level = granted.size() - 1; level >= 0; level--) {
      if (!granted.get(level).isEmpty()) {
        RoaringBitmap users = UnitedSets.of(granted.get(level));
        users.andNot(higher);
        if (!users.isEmpty()) {
          all.put(level, users);
          higher.or(users);
        }
      }
    }
    return all;
  }

  /** The users whom the target has for the object, by what stands there for their level. */
  public Map<Integer, RoaringBitmap> existing() {
    return existing;
  }

  /** Takes out of these users, whose row the step has not, those whose key another row holds. */
  public long takeForeign(RoaringBitmap absent) {
    long before = absent.getLongCardinality();
    absent.andNot(foreign);
    return before - absent.getLongCardinality();
  }

  /** Of these users, those whom a source names, at whatever level. */
  public int directOf(RoaringBitmap users) {
    return RoaringBitmap.andCardinality(users, direct);
  }

  /** Rows of the target whose users no source names anywhere. */
  public long unknownExisting() {
    return unknownExisting;
  }
}
