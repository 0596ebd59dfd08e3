package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongConsumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * Closes users by level over a graph: a parent has what its children have, each user at the highest
 * level of all ways to it, and of a way the lowest counts: that of the user where it begins, or of
 * an edge. So for each level L it is the closure of what is of L or higher, edges as well as users.
 *
 * <p>Components are gone through children first, each once, as {@link Closure} does. In a circle
 * all have the same, unless an edge of it passes on less than there is: then its members are closed
 * for each level apart, from the top.
 */
public final class LevelClosure {
  private final NestingGraph graph;
  private final Components components;
  private final LevelMembers.Own own;
  private final LevelUnion union;
  private final int levels;
  private final LongConsumer held;
  private final Holding[] holdings;
  private final Holding[] ofMembers;
  private final int[] pending;
  private final BitSet wanted;
  private final BitSet wantedNumbers;
  private final BitSet needed;
  private final BitSet asked;
  private long bytes;

  /** What a component has, or one of its members; several may hold the same. */
  private static final class Holding {
    private final LevelMembers members;
    private long bytes;
    private int holders = 1;

    Holding(LevelMembers members) {
      this.members = members;
      this.bytes = members.bytes();
    }
  }

  /**
   * What comes to a component.
   *
   * @param from null for its own
   * @param most the highest level that is passed on
   * @param lastUse whether nothing else needs it
   */
  private record Part(LevelMembers members, Holding from, int most, boolean lastUse) {}

  private LevelClosure(
      NestingGraph graph,
      Components components,
      LevelMembers.Own own,
      LevelUnion union,
      BitSet wantedNumbers,
      LongConsumer held) {
    this.graph = graph;
    this.components = components;
    this.own = own;
    this.union = union;
    this.levels = own.levels();
    this.held = held;
    this.wantedNumbers = wantedNumbers;
    holdings = new Holding[components.count()];
    ofMembers = new Holding[graph.size()];
    pending = new int[components.count()];
    needed = new BitSet(components.count());
    asked = (BitSet) wantedNumbers.clone();
    wanted = new BitSet(components.count());
    wantedNumbers.stream().forEach(number -> wanted.set(components.of(number)));
  }

  /**
   * The closed members of each wanted number, at its place; null where there are none. They may be
   * the same for several numbers.
   *
   * @param levels how many there are
   * @param held is told what the sets take in memory, in bytes, whenever that grows; it may throw
   */
  public static LevelMembers[] close(
      NestingGraph graph,
      Components components,
      LevelMembers.InOneArray own,
      BitSet wanted,
      LongConsumer held) {
    int[] ends = own.ends();
    LevelUnion union = ends.length == 0 ? null : new LevelUnion(ends[0], ends[1]);
    return new LevelClosure(graph, components, own, union, wanted, held).close();
  }

  /**
   * The same of sets.
   *
   * @param own for each number of the graph its own, or null; what is here is changed and let go
   */
  public static LevelMembers[] close(
      NestingGraph graph,
      Components components,
      LevelSets[] own,
      BitSet wanted,
      int levels,
      LongConsumer held) {
    return new LevelClosure(
            graph, components, new LevelMembers.InSets(own, levels), null, wanted, held)
        .close();
  }

  private LevelMembers[] close() {
    findNeeded();
    own.keep(number -> needed.get(components.of(number)));
    unite();
    LevelMembers[] closed = new LevelMembers[graph.size()];
    wantedNumbers.stream()
        .forEach(
            number -> {
              Holding of = of(number);
              closed[number] = of == null ? null : of.members;
            });
    return closed;
  }

  /** Parents come before their children here; an edge that is there twice counts twice. */
  private void findNeeded() {
    needed.or(wanted);
    for (int component = components.count() - 1; component >= 0; component--) {
      if (needed.get(component)) {
        for (int at = components.first(component); at < components.first(component + 1); at++) {
          int member = components.member(at);
          for (int place = graph.first(member); place < graph.first(member + 1); place++) {
            int child = components.of(graph.child(place));
            if (child != component) {
              needed.set(child);
              asked.set(graph.child(place));
              pending[child]++;
            }
          }
        }
      }
    }
  }

  private void unite() {
    held.accept(own.bytes());
    for (int component = needed.nextSetBit(0);
        component >= 0;
        component = needed.nextSetBit(component + 1)) {
      if (passesOnAll(component)) {
        holdings[component] =
            united(component, components.first(component), components.first(component + 1));
        optimize(component, holdings[component]);
      } else {
        unequal(component);
      }
      held.accept(own.bytes() + bytes);
    }
  }

  /** What is held for as long as the result is gets small. */
  private void optimize(int component, Holding holding) {
    if (holding != null && holding.members.many() != null && wanted.get(component)) {
      holding.members.many().runOptimize();
      bytes -= holding.bytes;
      holding.bytes = holding.members.bytes();
      bytes += holding.bytes;
    }
  }

  private boolean passesOnAll(int component) {
    if (components.first(component + 1) - components.first(component) == 1) {
      return true;
    }
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        if (components.of(graph.child(place)) == component
            && graph.level(place, levels) < levels - 1) {
          return false;
        }
      }
    }
    return true;
  }

  /** What a number has; null for nothing. */
  private Holding of(int number) {
    Holding own = ofMembers[number];
    return own == null ? holdings[components.of(number)] : own;
  }

  /** Some members of a component, by their places, and what comes to them from outside. */
  private Holding united(int component, int from, int to) {
    List<Part> parts = new ArrayList<>();
    for (int at = from; at < to; at++) {
      int member = components.member(at);
      LevelMembers mine = own.take(member);
      if (mine != null) {
        parts.add(new Part(mine, null, levels - 1, true));
      }
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = components.of(graph.child(place));
        Holding has = child == component ? null : of(graph.child(place));
        if (has != null) {
          parts.add(new Part(has.members, has, graph.level(place, levels), isLastUse(child, has)));
        }
      }
    }
    Holding united = parts.isEmpty() ? null : united(parts);
    for (int at = from; at < to; at++) {
      int member = components.member(at);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = components.of(graph.child(place));
        if (child != component) {
          letGo(child);
        }
      }
    }
    return united;
  }

  private Holding united(List<Part> parts) {
    Part first = parts.get(0);
    if (parts.size() == 1 && first.from != null && first.members.highest() <= first.most) {
      return shared(first.from);
    }
    if (union != null && parts.stream().allMatch(part -> part.members.few() != null)) {
      return gathered(parts);
    }
    Part base = null;
    for (Part part : parts) {
      if (part.lastUse
          && part.members.many() != null
          && (base == null || part.members.bytes() > base.members.bytes())) {
        base = part;
      }
    }
    LevelSets into = base == null ? new LevelSets(levels) : base.members.many();
    if (base != null) {
      into.cap(base.most);
    }
    for (Part part : parts) {
      if (part != base) {
        into.add(part.members, part.most);
      }
    }
    return held(LevelMembers.of(into));
  }

  private Holding gathered(List<Part> parts) {
    Part largest = null;
    for (Part part : parts) {
      union.add(part.members.few(), part.most);
      if (part.from != null && (largest == null || part.members.size() > largest.members.size())) {
        largest = part;
      }
    }
    long[] all = union.taken();
    return largest != null && Arrays.equals(all, largest.members.few())
        ? shared(largest.from)
        : held(LevelMembers.of(all, levels));
  }

  /** It has what a child has: the same. */
  private static Holding shared(Holding of) {
    of.holders++;
    return of;
  }

  private Holding held(LevelMembers members) {
    Holding holding = new Holding(members);
    bytes += holding.bytes;
    return holding;
  }

  private boolean isLastUse(int child, Holding has) {
    return pending[child] == 1 && !wanted.get(child) && has.holders == 1 && holdings[child] == has;
  }

  /** One parent less needs it. */
  private void letGo(int component) {
    if (--pending[component] > 0) {
      return;
    }
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      if (!wantedNumbers.get(member)) {
        letGo(ofMembers[member]);
        ofMembers[member] = null;
      }
    }
    if (!wanted.get(component)) {
      letGo(holdings[component]);
      holdings[component] = null;
    }
  }

  private void letGo(Holding holding) {
    if (holding != null && --holding.holders == 0) {
      bytes -= holding.bytes;
    }
  }

  /** A circle whose edges pass on less than there is: for each level apart, from the top. */
  private void unequal(int component) {
    int first = components.first(component);
    int size = components.first(component + 1) - first;
    Holding[] given = new Holding[size];
    LevelSets[] sets = new LevelSets[size];
    for (int i = 0; i < size; i++) {
      given[i] = united(component, first + i, first + i + 1);
      sets[i] = given[i] == null ? null : given[i].members.sets(levels);
    }
    RoaringBitmap[] reached = new RoaringBitmap[size];
    RoaringBitmap[] before = new RoaringBitmap[size];
    LevelSets[] closed = new LevelSets[size];
    long kept = 0;
    for (int level = levels - 1; level >= 0; level--) {
      if (!changes(component, sets, level)) {
        continue;
      }
      for (int i = 0; i < size; i++) {
        reached[i] = with(reached[i], sets[i], level);
      }
      RoaringBitmap[] all = closedAt(component, level, reached, own.bytes() + bytes + kept);
      for (int i = 0; i < size; i++) {
        if (all[i] != null) {
          RoaringBitmap more = before[i] == null ? all[i] : RoaringBitmap.andNot(all[i], before[i]);
          closed[i] = closed[i] == null ? new LevelSets(levels) : closed[i];
          closed[i].put(level, more.isEmpty() ? null : more);
          kept += Closure.bytes(more);
          before[i] = all[i];
        }
      }
    }
    for (int i = 0; i < size; i++) {
      letGo(given[i]);
      if (closed[i] != null) {
        Holding holding = held(LevelMembers.of(closed[i].copy()));
        ofMembers[components.member(first + i)] = holding;
        held.accept(own.bytes() + bytes);
        if (wantedNumbers.get(components.member(first + i))) {
          optimize(component, holding);
        }
      }
    }
  }

  /** Whether a user or an edge is of just this level. */
  private boolean changes(int component, LevelSets[] given, int level) {
    int first = components.first(component);
    for (int i = 0; i < given.length; i++) {
      if (given[i] != null && given[i].at(level) != null) {
        return true;
      }
      int member = components.member(first + i);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        if (components.of(graph.child(place)) == component && graph.level(place, levels) == level) {
          return true;
        }
      }
    }
    return false;
  }

  private static RoaringBitmap with(RoaringBitmap so, LevelSets given, int level) {
    RoaringBitmap more = given == null ? null : given.at(level);
    if (more == null) {
      return so;
    }
    return so == null ? more.clone() : RoaringBitmap.or(so, more);
  }

  /** The users of each member whom edges of this level or higher give it; null for none. */
  private RoaringBitmap[] closedAt(int component, int level, RoaringBitmap[] reached, long beside) {
    int first = components.first(component);
    List<long[]> parents = new ArrayList<>();
    List<long[]> children = new ArrayList<>();
    long[] places = new long[reached.length];
    for (int i = 0; i < reached.length; i++) {
      places[i] = i;
      int member = components.member(first + i);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = graph.child(place);
        if (components.of(child) == component && graph.level(place, levels) >= level) {
          parents.add(new long[] {i});
          children.add(new long[] {placeOf(component, child)});
        }
      }
    }
    NestingGraph inner = NestingGraph.of(parents, children, places);
    RoaringBitmap[] ofEach = new RoaringBitmap[reached.length];
    BitSet of = new BitSet(reached.length);
    for (int i = 0; i < reached.length; i++) {
      ofEach[i] = reached[i] == null ? null : reached[i].clone();
      of.set(i, asked.get(components.member(first + i)));
    }
    return Closure.close(
        inner, Components.of(inner), ofEach, of, more -> held.accept(beside + more));
  }

  /** The place of a member among its component's, which ascend. */
  private int placeOf(int component, int number) {
    int low = components.first(component);
    int from = low;
    int high = components.first(component + 1) - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (components.member(middle) < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - from;
  }
}
