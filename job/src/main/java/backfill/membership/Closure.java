package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;

/**
 * Closes sets over a graph: what a child has, its parents have, any number of levels up, exactly.
 *
 * <p>A component is one set. Components are united children first, each once, and a set goes when
 * the last parent that needs it has it, so that what is held is a front through the graph and not
 * the graph. A set that no one else needs any more is grown into its parent's instead of copied,
 * and one that has all is its parent's, too. Components of which none holds another are united by
 * all cores.
 */
public final class Closure {
  /** Components that one core takes at a time, and after how many all wait for each other. */
  private static final int AT_A_TIME = 512;

  private static final int AT_ONCE = 64 * AT_A_TIME;

  private final NestingGraph graph;
  private final Components components;
  private final Condensation parents;
  private final BitSet wantedNumbers;
  private final BitSet wanted;
  private final BitSet needed;
  private final int[] pending;
  private final MemberSet[] sets;
  private final int[] madeFor;
  private final AtomicIntegerArray holders;
  private Own own;
  private LongConsumer held;
  private long bytes;

  /** What each number of a graph has itself. */
  interface Own {
    /** The set of a number; null where it has nothing. Asked once for each. */
    MemberSet take(int number);

    /** What it takes in memory. */
    long bytes();
  }

  /**
   * For one of the closures below, once.
   *
   * @param wanted numbers of the graph whose closed sets are asked for
   */
  public Closure(NestingGraph graph, Components components, BitSet wanted) {
    this.graph = graph;
    this.components = components;
    parents = Condensation.of(graph, components);
    int count = components.count();
    wantedNumbers = wanted;
    this.wanted = new BitSet(count);
    wanted.stream().forEach(number -> this.wanted.set(components.of(number)));
    needed = parents.below(this.wanted);
    pending = new int[count];
    for (int each = needed.nextSetBit(0); each >= 0; each = needed.nextSetBit(each + 1)) {
      for (int place = parents.first(each); place < parents.first(each + 1); place++) {
        pending[parents.child(place)]++;
      }
    }
    sets = new MemberSet[count];
    madeFor = new int[count];
    holders = new AtomicIntegerArray(count);
  }

  /** The numbers of the graph whose own sets matter: those that are wanted, and all below them. */
  public BitSet reached() {
    BitSet numbers = new BitSet(graph.size());
    for (int number = 0; number < graph.size(); number++) {
      numbers.set(number, needed.get(components.of(number)));
    }
    return numbers;
  }

  /**
   * The closed set of each wanted number, at its place; null where that is empty. Sets may be the
   * same for several numbers.
   *
   * @param told is told what the sets take in memory, in bytes, whenever that grows; it may throw
   */
  public MemberSet[] close(OwnMembers members, LongConsumer told) {
    return closed(members, members.ends(), told);
  }

  /**
   * The same of bitmaps, which are not to be changed.
   *
   * @param bitmaps for each number of the graph its own set, or null; what is here is changed and
   *     let go
   */
  public RoaringBitmap[] close(RoaringBitmap[] bitmaps, LongConsumer told) {
    OwnBitmaps of = new OwnBitmaps(bitmaps, number -> needed.get(components.of(number)));
    MemberSet[] closed = closed(of, new int[0], told);
    return Arrays.stream(closed)
        .map(set -> set == null ? null : set.bitmap())
        .toArray(RoaringBitmap[]::new);
  }

  private MemberSet[] closed(Own given, int[] ends, LongConsumer told) {
    own = given;
    held = told;
    held.accept(own.bytes());
    Queue<Uniting> idle = new ConcurrentLinkedQueue<>();
    for (int[] step : parents.steps(needed)) {
      for (int from = 0; from < step.length; from += AT_ONCE) {
        unite(step, from, Math.min(step.length, from + AT_ONCE), ends, idle);
      }
    }
    MemberSet[] closed = new MemberSet[graph.size()];
    wantedNumbers.stream().forEach(number -> closed[number] = sets[components.of(number)]);
    return closed;
  }

  /** Bitmaps are changed where they are, by one thread. */
  private void unite(int[] step, int from, int to, int[] ends, Queue<Uniting> idle) {
    int parts = ends.length == 0 ? 1 : (to - from + AT_A_TIME - 1) / AT_A_TIME;
    IntStream all = IntStream.range(0, parts);
    bytes +=
        (parts > 1 ? all.parallel() : all)
            .mapToLong(
                part -> {
                  Uniting found = idle.poll();
                  Uniting by = found == null ? new Uniting(ends) : found;
                  int first = from + part * AT_A_TIME;
                  for (int at = first;
                      at < (parts == 1 ? to : Math.min(to, first + AT_A_TIME));
                      at++) {
                    by.unite(step[at]);
                  }
                  long grown = by.grown;
                  by.grown = 0;
                  idle.add(by);
                  return grown;
                })
            .sum();
    for (int at = from; at < to; at++) {
      for (int place = parents.first(step[at]); place < parents.first(step[at] + 1); place++) {
        int child = parents.child(place);
        if (--pending[child] == 0 && !wanted.get(child)) {
          letGo(child);
        }
      }
    }
    held.accept(own.bytes() + bytes);
  }

  private void letGo(int component) {
    if (sets[component] != null) {
      if (holders.decrementAndGet(madeFor[component]) == 0) {
        bytes -= sets[component].bytes();
      }
      sets[component] = null;
    }
  }

  /** One thread's work. */
  private final class Uniting {
    private final Gathering gathering;
    private final List<MemberSet> parts = new ArrayList<>();

    /** What sets take more than before. */
    private long grown;

    /**
     * @param ends of all members, or none where all sets are to be bitmaps
     */
    Uniting(int[] ends) {
      gathering = ends.length == 0 ? null : new Gathering(ends[0], ends[1]);
    }

    void unite(int component) {
      parts.clear();
      for (int at = components.first(component); at < components.first(component + 1); at++) {
        MemberSet some = own.take(components.member(at));
        if (some != null) {
          parts.add(some);
        }
      }
      int owned = parts.size();
      int largest = -1;
      int most = -1;
      for (int place = parents.first(component); place < parents.first(component + 1); place++) {
        int child = parents.child(place);
        if (sets[child] != null) {
          parts.add(sets[child]);
          int size = sets[child].size();
          if (size > most) {
            largest = child;
            most = size;
          }
        }
      }
      if (parts.isEmpty()) {
        return;
      }
      if (parts.size() == 1 && owned == 0) {
        share(component, largest);
      } else if (parts.size() == 1) {
        hold(component, parts.get(0));
      } else if (gathering != null && most <= MemberSet.FEW && areFew(owned)) {
        gather(component, largest, most);
      } else {
        hold(component, MemberSet.of(united(component, owned)));
      }
    }

    private boolean areFew(int owned) {
      return parts.subList(0, owned).stream().allMatch(part -> part.size() <= MemberSet.FEW);
    }

    /** It has what a child has: the same set. */
    private void share(int component, int child) {
      sets[component] = sets[child];
      madeFor[component] = madeFor[child];
      holders.incrementAndGet(madeFor[child]);
    }

    private void hold(int component, MemberSet set) {
      if (set.many() != null && wanted.get(component)) {
        set.many().runOptimize();
      }
      sets[component] = set;
      madeFor[component] = component;
      holders.set(component, 1);
      grown += set.bytes();
    }

    private void gather(int component, int largest, int most) {
      for (MemberSet part : parts) {
        gathering.add(part);
      }
      int[] all = gathering.taken();
      if (all.length == most) {
        share(component, largest);
      } else {
        hold(component, MemberSet.of(all));
      }
    }

    /**
     * One of the sets that nothing else needs, grown, or a new one.
     *
     * @param owned how many of the parts, which come first, are the component's own
     */
    private RoaringBitmap united(int component, int owned) {
      MemberSet base = null;
      for (MemberSet part : parts.subList(0, owned)) {
        base = larger(base, part);
      }
      int of = -1;
      for (int place = parents.first(component); place < parents.first(component + 1); place++) {
        int child = parents.child(place);
        if (sets[child] != null && isLastUse(child) && larger(base, sets[child]) != base) {
          base = sets[child];
          of = child;
        }
      }
      if (of >= 0) {
        grown -= base.bytes();
        sets[of] = null;
      }
      RoaringBitmap into = base == null ? new RoaringBitmap() : base.many();
      for (MemberSet part : parts) {
        if (part.few() != null) {
          into.add(part.few());
        } else if (part != base) {
          into.or(part.many());
        }
      }
      return into;
    }

    private boolean isLastUse(int child) {
      return pending[child] == 1 && !wanted.get(child) && holders.get(madeFor[child]) == 1;
    }

    /** Of bitmaps. */
    private static MemberSet larger(MemberSet one, MemberSet other) {
      if (other.many() == null) {
        return one;
      }
      return one == null || other.bytes() > one.bytes() ? other : one;
    }
  }
}
