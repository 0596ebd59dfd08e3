package backfill.membership;

import java.io.Serializable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What each object that holds others passes on to them: users or groups, numbered by their places
 * among all of these. Read by many threads.
 */
public final class InheritedSets implements Serializable {
  private static final long serialVersionUID = 1L;

  private final LongIndex numbers;
  private final RoaringBitmap[] sets;
  private final long[] members;

  /**
   * @param graph numbers the objects
   * @param sets one for each number, or null
   * @param members the keys that sets have the numbers of
   */
  public InheritedSets(NestingGraph graph, RoaringBitmap[] sets, long[] members) {
    this.numbers = graph.index();
    this.sets = sets.clone();
    this.members = members.clone();
  }

  /** What an object passes on; null for nothing. */
  public RoaringBitmap of(long object) {
    int number = numbers.get(object, NestingGraph.ABSENT);
    return number == NestingGraph.ABSENT ? null : sets[number];
  }

  /** The key that a number in a set stands for. */
  public long member(int number) {
    return members[number];
  }
}
