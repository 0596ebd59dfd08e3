package backfill.membership;

import backfill.membership.LevelHoldings.Holding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * Closes users by level over a graph: a parent has what its children have, each user at the highest
 * level of all ways to it, and of a way the lowest counts: that of the user where it begins, or of
 * an edge. So for each level L it is the closure of what is of L or higher, edges as well as users.
 *
 * <p>Components are gone through children first, each once, as {@link Closure} does; those of which
 * none holds another are united by all cores, and counted by one. In a circle all have the same,
 * unless an edge of it passes on less than there is: then it is closed as a {@link LevelCircle}.
 */
public final class LevelClosure {
  /** Components that one core takes at a time, and after how many all wait for each other. */
  private static final int AT_A_TIME = 512;

  private static final int AT_ONCE = 64 * AT_A_TIME;

  private final NestingGraph graph;
  private final Components components;
  private final OwnLevels own;
  private final int[] ends;
  private final int levels;
  private final LongConsumer held;
  private final LevelHoldings holdings;
  private final BitSet wantedNumbers;
  private final BitSet needed;
  private final BitSet asked;

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
      OwnLevels own,
      BitSet wantedNumbers,
      LongConsumer held) {
    this.graph = graph;
    this.components = components;
    this.own = own;
    this.ends = own.ends();
    this.levels = own.levels();
    this.held = held;
    this.wantedNumbers = wantedNumbers;
    holdings = new LevelHoldings(components, graph.size(), wantedNumbers);
    needed = (BitSet) holdings.wanted().clone();
    asked = (BitSet) wantedNumbers.clone();
  }

  /**
   * The closed members of each wanted number, at its place; null where there are none. They may be
   * the same for several numbers.
   *
   * @param held is told what the sets take in memory, in bytes, whenever that grows; it may throw
   */
  public static LevelMembers[] close(
      NestingGraph graph,
      Components components,
      OwnLevels.InOneArray own,
      BitSet wanted,
      LongConsumer held) {
    return new LevelClosure(graph, components, own, wanted, held).close();
  }

  /**
   * The same of sets.
   *
   * @param own for each number of the graph its own, or null; what is here is changed and let go
   * @param levels how many there are
   */
  public static LevelMembers[] close(
      NestingGraph graph,
      Components components,
      LevelSets[] own,
      BitSet wanted,
      int levels,
      LongConsumer held) {
    return new LevelClosure(graph, components, new OwnLevels.InSets(own, levels), wanted, held)
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
              Holding of = holdings.of(number);
              closed[number] = of == null ? null : of.members();
            });
    return closed;
  }

  /** Parents come before their children here; an edge that is there twice counts twice. */
  private void findNeeded() {
    for (int component = components.count() - 1; component >= 0; component--) {
      if (needed.get(component)) {
        eachBelow(
            component,
            components.first(component),
            components.first(component + 1),
            number -> {
              asked.set(number);
              needed.set(components.of(number));
              holdings.isNeeded(components.of(number));
            });
      }
    }
  }

  /** Each child outside of it that some members of a component have, for each edge once. */
  private void eachBelow(int component, int from, int to, IntConsumer receiver) {
    for (int at = from; at < to; at++) {
      int member = components.member(at);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        if (components.of(graph.child(place)) != component) {
          receiver.accept(graph.child(place));
        }
      }
    }
  }

  private void unite() {
    held.accept(own.bytes());
    Queue<LevelUnion> idle = new ConcurrentLinkedQueue<>();
    for (int[] step : Condensation.of(graph, components).steps(needed)) {
      for (int from = 0; from < step.length; from += AT_ONCE) {
        unite(Arrays.copyOfRange(step, from, Math.min(step.length, from + AT_ONCE)), idle);
      }
    }
  }

  /** Sets are changed where they are, by one thread. */
  private void unite(int[] some, Queue<LevelUnion> idle) {
    Holding[] united = new Holding[some.length];
    BitSet unequal = new BitSet(some.length);
    int parts = ends.length == 0 ? 1 : (some.length + AT_A_TIME - 1) / AT_A_TIME;
    int size = parts == 1 ? some.length : AT_A_TIME;
    for (int i = 0; i < some.length; i++) {
      unequal.set(i, !passesOnAll(some[i]));
    }
    IntStream all = IntStream.range(0, parts);
    (parts > 1 ? all.parallel() : all)
        .forEach(
            part -> {
              LevelUnion found = idle.poll();
              LevelUnion by = found == null ? union() : found;
              for (int i = part * size; i < Math.min(some.length, (part + 1) * size); i++) {
                if (!unequal.get(i)) {
                  united[i] = united(some[i], components.first(some[i]), last(some[i]), by);
                }
              }
              if (by != null) {
                idle.add(by);
              }
            });
    for (int i = 0; i < some.length; i++) {
      if (unequal.get(i)) {
        unequal(some[i]);
      } else {
        holdings.hold(some[i], united[i]);
        letGoBelow(some[i], components.first(some[i]), last(some[i]));
      }
    }
    tellHeld(0);
  }

  private LevelUnion union() {
    return ends.length == 0 ? null : new LevelUnion(ends[0], ends[1]);
  }

  /** The place behind a component's last member. */
  private int last(int component) {
    return components.first(component + 1);
  }

  private void letGoBelow(int component, int from, int to) {
    eachBelow(component, from, to, number -> holdings.letGo(components.of(number)));
  }

  /** Besides what is counted, so much more may be held for a moment. */
  private void tellHeld(long more) {
    held.accept(own.bytes() + holdings.bytes() + more);
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

  /**
   * What some members of a component have, and what comes to them from outside: what a child holds,
   * where that is all, or what no one holds yet. Several threads may ask, each of others.
   *
   * @param from the place of the first one
   * @param to the place behind the last one
   */
  private Holding united(int component, int from, int to, LevelUnion union) {
    List<Part> parts = new ArrayList<>();
    for (int at = from; at < to; at++) {
      int member = components.member(at);
      LevelMembers mine = own.take(member);
      if (mine != null) {
        parts.add(new Part(mine, null, levels - 1, true));
      }
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = components.of(graph.child(place));
        Holding has = child == component ? null : holdings.of(graph.child(place));
        if (has != null) {
          boolean last = holdings.isLastUse(child, has);
          parts.add(new Part(has.members(), has, graph.level(place, levels), last));
        }
      }
    }
    return parts.isEmpty() ? null : united(parts, union);
  }

  private Holding united(List<Part> parts, LevelUnion union) {
    Part first = parts.get(0);
    if (parts.size() == 1 && first.from != null && first.members.highest() <= first.most) {
      return first.from;
    }
    if (union != null && parts.stream().allMatch(part -> part.members.few() != null)) {
      return gathered(parts, union);
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
    return new Holding(LevelMembers.of(into));
  }

  private Holding gathered(List<Part> parts, LevelUnion union) {
    Part largest = null;
    for (Part part : parts) {
      union.add(part.members.few(), part.most);
      if (part.from != null && (largest == null || part.members.size() > largest.members.size())) {
        largest = part;
      }
    }
    long[] all = union.taken();
    return largest != null && Arrays.equals(all, largest.members.few())
        ? largest.from
        : new Holding(LevelMembers.of(all, levels));
  }

  /** Each member of such a circle holds its own. */
  private void unequal(int component) {
    int first = components.first(component);
    int size = components.first(component + 1) - first;
    LevelUnion union = union();
    Holding[] given = new Holding[size];
    LevelSets[] sets = new LevelSets[size];
    for (int i = 0; i < size; i++) {
      given[i] = holdings.counted(united(component, first + i, first + i + 1, union));
      letGoBelow(component, first + i, first + i + 1);
      sets[i] = given[i] == null ? null : given[i].members().sets();
    }
    LevelSets[] closed =
        new LevelCircle(graph, components, component, levels, asked).closed(sets, this::tellHeld);
    for (int i = 0; i < size; i++) {
      holdings.letGo(given[i]);
      if (closed[i] != null) {
        holdings.holdOwn(
            components.member(first + i), new Holding(LevelMembers.of(closed[i].copy())));
        tellHeld(0);
      }
    }
  }
}
