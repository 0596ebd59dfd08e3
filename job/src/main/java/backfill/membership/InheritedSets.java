package backfill.membership;

import java.io.Serializable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What each object that holds others passes on to them: users or groups, numbered by their places
 * among all of these, and where grants have levels, a set for each of these. Read by many threads.
 */
public final class InheritedSets implements Serializable {
  private static final long serialVersionUID = 1L;

  private final LongIndex numbers;
  private final RoaringBitmap[] sets;
  private final int levels;
  private final long[] members;

  /**
   * @param graph numbers the objects
   * @param sets one for each number, or null
   * @param members the keys that sets have the numbers of
   */
  public InheritedSets(NestingGraph graph, RoaringBitmap[] sets, long[] members) {
    this(graph, sets.clone(), 1, members);
  }

  /**
   * The same by level.
   *
   * @param levels how many there are
   */
  public InheritedSets(NestingGraph graph, LevelMembers[] sets, int levels, long[] members) {
    this(graph, new RoaringBitmap[sets.length * levels], levels, members);
    for (int number = 0; number < sets.length; number++) {
      LevelSets byLevel = sets[number] == null ? null : sets[number].sets();
      for (int level = 0; level < levels && byLevel != null; level++) {
        this.sets[number * levels + level] = byLevel.at(level);
      }
    }
  }

  private InheritedSets(NestingGraph graph, RoaringBitmap[] sets, int levels, long[] members) {
    this.numbers = graph.index();
    this.sets = sets;
    this.levels = levels;
    this.members = members.clone();
  }

  /** How many levels there are; 1 where grants have none. */
  public int levels() {
    return levels;
  }

  /** What an object passes on at a level; null for nothing. */
  public RoaringBitmap of(long object, int level) {
    int number = numbers.get(object, NestingGraph.ABSENT);
    return number == NestingGraph.ABSENT ? null : sets[number * levels + level];
  }

  /** The key that a number in a set stands for. */
  public long member(int number) {
    return members[number];
  }
}
