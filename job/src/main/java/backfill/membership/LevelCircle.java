package backfill.membership;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/**
 * Closes a circle of which an edge passes on less than there is, so that its members need not have
 * the same: for each level apart, from the top, over the edges of that level or a higher one.
 */
final class LevelCircle {
  private final int levels;
  private final long[] members;
  private final BitSet asked;
  private final int edges;
  private final long[] parents;
  private final long[] children;
  private final int[] passedOn;

  /**
   * @param asked numbers of the graph, of which those of the circle are to be told
   */
  LevelCircle(NestingGraph graph, Components components, int component, int levels, BitSet asked) {
    this.levels = levels;
    members =
        IntStream.range(components.first(component), components.first(component + 1))
            .mapToLong(components::member)
            .toArray();
    this.asked = new BitSet(members.length);
    int most = 0;
    for (int i = 0; i < members.length; i++) {
      int member = (int) members[i];
      this.asked.set(i, asked.get(member));
      most += graph.first(member + 1) - graph.first(member);
    }
    parents = new long[most];
    children = new long[most];
    passedOn = new int[most];
    int size = 0;
    for (long parent : members) {
      for (int at = graph.first((int) parent); at < graph.first((int) parent + 1); at++) {
        if (components.of(graph.child(at)) == component) {
          parents[size] = parent;
          children[size] = graph.child(at);
          passedOn[size++] = graph.level(at, levels);
        }
      }
    }
    edges = size;
  }

  /**
   * What each member has, at its place among them; null for nothing, and it may be for one that is
   * not asked for.
   *
   * @param given what each has without the circle, or null
   * @param held is told what is held in memory for it, in bytes, whenever that grows
   */
  LevelSets[] closed(LevelSets[] given, LongConsumer held) {
    RoaringBitmap[] reached = new RoaringBitmap[members.length];
    RoaringBitmap[] before = new RoaringBitmap[members.length];
    LevelSets[] closed = new LevelSets[members.length];
    long kept = 0;
    for (int level = levels - 1; level >= 0; level--) {
      if (!changes(given, level)) {
        continue;
      }
      for (int i = 0; i < members.length; i++) {
        reached[i] = with(reached[i], given[i], level);
      }
      long so = kept;
      RoaringBitmap[] all = closedAt(level, reached, more -> held.accept(so + more));
      for (int i = 0; i < members.length; i++) {
        if (all[i] != null) {
          RoaringBitmap more = before[i] == null ? all[i] : RoaringBitmap.andNot(all[i], before[i]);
          closed[i] = closed[i] == null ? new LevelSets(levels) : closed[i];
          closed[i].put(level, more.isEmpty() ? null : more);
          kept += BitmapBytes.onHeap(more);
          before[i] = all[i];
        }
      }
    }
    return closed;
  }

  /** Whether a user or an edge is of just this level. */
  private boolean changes(LevelSets[] given, int level) {
    return Arrays.stream(given).anyMatch(sets -> sets != null && sets.at(level) != null)
        || Arrays.stream(passedOn, 0, edges).anyMatch(each -> each == level);
  }

  private static RoaringBitmap with(RoaringBitmap so, LevelSets given, int level) {
    RoaringBitmap more = given == null ? null : given.at(level);
    if (more == null) {
      return so;
    }
    return so == null ? more.clone() : RoaringBitmap.or(so, more);
  }

  /** The users of each member whom edges of this level or higher give it; null for none. */
  private RoaringBitmap[] closedAt(int level, RoaringBitmap[] reached, LongConsumer held) {
    int[] passing = IntStream.range(0, edges).filter(edge -> passedOn[edge] >= level).toArray();
    NestingGraph inner =
        NestingGraph.of(List.of(of(parents, passing)), List.of(of(children, passing)), members);
    RoaringBitmap[] own =
        Arrays.stream(reached)
            .map(some -> some == null ? null : some.clone())
            .toArray(RoaringBitmap[]::new);
    return new Closure(inner, Components.of(inner), asked).close(own, held);
  }

  private static long[] of(long[] some, int[] places) {
    return Arrays.stream(places).mapToLong(place -> some[place]).toArray();
  }
}
