package backfill.spark.pairs;

import backfill.membership.InheritedSets;
import backfill.membership.key.KeySet;
import java.util.Arrays;
import java.util.Iterator;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/** The pairs (child, member) that children have of their parents, of one partition of edges. */
final class InheritedPairs implements Iterator<NumberedPairs> {
  private static final int SIZE = 65_536;

  private final Iterator<NumberedPairs> edges;
  private final InheritedSets sets;
  private final KeySet leaves;
  private final boolean leveled;
  private NumberedPairs at;
  private int place;
  private long child;
  private short passedOn;
  private int level;
  private long parent;
  private PeekableIntIterator members = new RoaringBitmap().getIntIterator();

  /**
   * @param edges pairs (parent, child)
   * @param leaves the only children that are asked for; null for all
   * @param leveled whether pairs have levels
   */
  InheritedPairs(
      Iterator<NumberedPairs> edges, InheritedSets sets, KeySet leaves, boolean leveled) {
    this.edges = edges;
    this.leveled = leveled;
    this.sets = sets;
    this.leaves = leaves;
  }

  @Override
  public boolean hasNext() {
    while (!members.hasNext()) {
      if (level > 0) {
        level--;
        look();
      } else if (at == null || place == at.size()) {
        if (!edges.hasNext()) {
          return false;
        }
        at = edges.next();
        place = 0;
      } else {
        take();
      }
    }
    return true;
  }

  private void take() {
    parent = at.keys()[place];
    child = at.members()[place];
    passedOn = at.level(place++);
    if (parent != child && (leaves == null || leaves.contains(child))) {
      level = sets.levels() - 1;
      look();
    }
  }

  private void look() {
    RoaringBitmap inherited = sets.of(parent, level);
    if (inherited != null) {
      members = inherited.getIntIterator();
    }
  }

  @Override
  public NumberedPairs next() {
    long[] children = new long[SIZE];
    long[] inherited = new long[SIZE];
    short[] levels = new short[leveled ? SIZE : 0];
    int size = 0;
    while (size < SIZE && hasNext()) {
      children[size] = child;
      if (leveled) {
        levels[size] = (short) Math.min(passedOn, level);
      }
      inherited[size++] = sets.member(members.next());
    }
    return new NumberedPairs(
        Arrays.copyOf(children, size),
        Arrays.copyOf(inherited, size),
        leveled ? Arrays.copyOf(levels, size) : null);
  }
}
