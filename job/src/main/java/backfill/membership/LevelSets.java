package backfill.membership;

import java.io.Serializable;
import org.roaringbitmap.RoaringBitmap;

/**
 * Users by level, each at one: the highest of those at which it was added. Levels are their places
 * in ascending order, from 0. Used by one thread while it grows.
 */
public final class LevelSets implements Serializable {
  private static final long serialVersionUID = 1L;

  private final RoaringBitmap[] sets;

  /**
   * @param levels how many there are
   */
  public LevelSets(int levels) {
    this.sets = new RoaringBitmap[levels];
  }

  /** How many levels there are, with users or without. */
  public int levels() {
    return sets.length;
  }

  /** The users at a level, not to be changed; null for none. */
  public RoaringBitmap at(int level) {
    return sets[level];
  }

  /** How many users they have. */
  long size() {
    long size = 0;
    for (RoaringBitmap set : sets) {
      size += set == null ? 0 : set.getLongCardinality();
    }
    return size;
  }

  /** Adds members, each at its level there, and at this one at most. */
  void add(LevelMembers others, int most) {
    add(others.sets(), most);
  }

  /** Whether no level has a user. */
  public boolean isEmpty() {
    for (RoaringBitmap set : sets) {
      if (set != null) {
        return false;
      }
    }
    return true;
  }

  /** Adds users at a level, unless they are at a higher one; the set given is not changed. */
  public void add(int level, RoaringBitmap users) {
    RoaringBitmap added = users;
    for (int higher = level + 1; higher < sets.length; higher++) {
      if (sets[higher] != null) {
        if (added == users) {
          added = RoaringBitmap.andNot(users, sets[higher]);
        } else {
          added.andNot(sets[higher]);
        }
      }
    }
    if (added.isEmpty()) {
      return;
    }
    for (int lower = 0; lower < level; lower++) {
      if (sets[lower] != null) {
        sets[lower].andNot(added);
        sets[lower] = sets[lower].isEmpty() ? null : sets[lower];
      }
    }
    if (sets[level] == null) {
      sets[level] = added == users ? users.clone() : added;
    } else {
      sets[level].or(added);
    }
  }

  /** Adds those of others, each at its level there, and at this one at most. */
  public void add(LevelSets others, int most) {
    for (int level = others.sets.length - 1; level >= 0; level--) {
      if (others.sets[level] != null) {
        add(Math.min(level, most), others.sets[level]);
      }
    }
  }

  /** Puts those above a level down to it. */
  void cap(int most) {
    for (int level = most + 1; level < sets.length; level++) {
      if (sets[level] != null) {
        if (sets[most] == null) {
          sets[most] = sets[level];
        } else {
          sets[most].or(sets[level]);
        }
        sets[level] = null;
      }
    }
  }

  /** The highest level that has a user; -1 for none. */
  int highest() {
    int level = sets.length - 1;
    while (level >= 0 && sets[level] == null) {
      level--;
    }
    return level;
  }

  /** A copy that grows by itself. */
  LevelSets copy() {
    LevelSets copy = new LevelSets(sets.length);
    for (int level = 0; level < sets.length; level++) {
      copy.sets[level] = sets[level] == null ? null : sets[level].clone();
    }
    return copy;
  }

  /** Takes a set as it is for a level that has none; its users are at no other. */
  void put(int level, RoaringBitmap users) {
    sets[level] = users;
  }

  /** Takes users away, at whatever level. */
  public void remove(RoaringBitmap users) {
    for (int level = 0; level < sets.length; level++) {
      if (sets[level] != null) {
        sets[level].andNot(users);
        sets[level] = sets[level].isEmpty() ? null : sets[level];
      }
    }
  }

  /** Every user, at whatever level. */
  public RoaringBitmap all() {
    RoaringBitmap all = new RoaringBitmap();
    for (RoaringBitmap set : sets) {
      if (set != null) {
        all.or(set);
      }
    }
    return all;
  }

  /** Compresses each set as far as it goes. */
  void runOptimize() {
    for (RoaringBitmap set : sets) {
      if (set != null) {
        set.runOptimize();
      }
    }
  }

  /** What they take on the heap, about. */
  public long bytes() {
    long bytes = 0;
    for (RoaringBitmap set : sets) {
      bytes += set == null ? 0 : BitmapBytes.onHeap(set);
    }
    return bytes;
  }
}
