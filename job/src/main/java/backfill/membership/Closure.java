package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * Closes sets over a graph: what a child has, its parents have, any number of levels up, exactly.
 *
 * <p>A component is one set. Components are united children first, each once, and a set goes when
 * the last parent that needs it has it, so that what is held is a front through the graph and not
 * the graph. A set that no one else needs any more is grown into its parent's instead of copied.
 */
public final class Closure {
  private static final long SET_BYTES = 112;
  private static final long CONTAINER_BYTES = 56;

  private final NestingGraph graph;
  private final Components components;
  private final Own own;
  private final Gathering gathering;
  private final LongConsumer held;
  private final MemberSet[] sets;
  private final int[] madeFor;
  private final int[] holders;
  private final int[] pending;
  private final BitSet wanted;
  private final BitSet needed;
  private final int[] childSeenBy;
  private long bytes;

  /** What each number of a graph has itself. */
  interface Own {
    /** The set of a number; null where it has nothing. Asked once for each. */
    MemberSet take(int number);

    /** What it takes in memory. */
    long bytes();
  }

  /**
   * @param gathering unites sets of few; null where all are to be bitmaps
   */
  private Closure(
      NestingGraph graph,
      Components components,
      Own own,
      Gathering gathering,
      BitSet wantedNumbers,
      LongConsumer held) {
    this.graph = graph;
    this.components = components;
    this.own = own;
    this.gathering = gathering;
    this.held = held;
    int count = components.count();
    sets = new MemberSet[count];
    madeFor = new int[count];
    holders = new int[count];
    pending = new int[count];
    childSeenBy = new int[count];
    wanted = new BitSet(count);
    wantedNumbers.stream().forEach(number -> wanted.set(components.of(number)));
    needed = new BitSet(count);
    findNeeded();
  }

  /**
   * The numbers of the graph whose own sets matter: those that are wanted, and all below them.
   *
   * @param wanted numbers of the graph
   */
  public static BitSet reached(NestingGraph graph, Components components, BitSet wanted) {
    Closure closure = new Closure(graph, components, null, null, wanted, bytes -> {});
    BitSet numbers = new BitSet(graph.size());
    for (int number = 0; number < graph.size(); number++) {
      numbers.set(number, closure.needed.get(components.of(number)));
    }
    return numbers;
  }

  /**
   * The closed set of each wanted number, at its place; null where that is empty. Sets may be the
   * same for several numbers.
   *
   * @param held is told what the sets take in memory, in bytes, whenever that grows; it may throw
   */
  public static MemberSet[] close(
      NestingGraph graph, Components components, OwnMembers own, BitSet wanted, LongConsumer held) {
    int[] ends = own.ends();
    Gathering gathering = ends.length == 0 ? null : new Gathering(ends[0], ends[1]);
    return new Closure(graph, components, own, gathering, wanted, held).close(wanted);
  }

  /**
   * The same of bitmaps, which are not to be changed.
   *
   * @param own for each number of the graph its own set, or null; what is here is changed and let
   *     go
   */
  public static RoaringBitmap[] close(
      NestingGraph graph,
      Components components,
      RoaringBitmap[] own,
      BitSet wanted,
      LongConsumer held) {
    Bitmaps of = new Bitmaps(own);
    Closure closure = new Closure(graph, components, of, null, wanted, held);
    of.keep(number -> closure.needed.get(components.of(number)));
    RoaringBitmap[] closed = new RoaringBitmap[graph.size()];
    MemberSet[] sets = closure.close(wanted);
    wanted.stream()
        .filter(number -> sets[number] != null)
        .forEach(number -> closed[number] = sets[number].bitmap());
    return closed;
  }

  private MemberSet[] close(BitSet numbers) {
    unite();
    MemberSet[] closed = new MemberSet[graph.size()];
    numbers.stream().forEach(number -> closed[number] = sets[components.of(number)]);
    return closed;
  }

  /** Sets that are bitmaps already. */
  private static final class Bitmaps implements Own {
    private final RoaringBitmap[] own;
    private long bytes;

    Bitmaps(RoaringBitmap[] own) {
      this.own = own;
    }

    /** Lets the others go. */
    void keep(IntPredicate needed) {
      for (int number = 0; number < own.length; number++) {
        if (own[number] != null && (own[number].isEmpty() || !needed.test(number))) {
          own[number] = null;
        }
        bytes += own[number] == null ? 0 : Closure.bytes(own[number]);
      }
    }

    @Override
    public MemberSet take(int number) {
      RoaringBitmap taken = own[number];
      own[number] = null;
      if (taken == null) {
        return null;
      }
      bytes -= Closure.bytes(taken);
      return MemberSet.of(taken);
    }

    @Override
    public long bytes() {
      return bytes;
    }
  }

  /** Parents come before their children here: the numbers of components descend. */
  private void findNeeded() {
    needed.or(wanted);
    for (int component = components.count() - 1; component >= 0; component--) {
      if (needed.get(component)) {
        for (int child : children(component)) {
          needed.set(child);
          pending[child]++;
        }
      }
    }
    Arrays.fill(childSeenBy, 0);
  }

  private void unite() {
    held.accept(own.bytes());
    for (int component = needed.nextSetBit(0);
        component >= 0;
        component = needed.nextSetBit(component + 1)) {
      int[] children = children(component);
      unite(component, children);
      for (int child : children) {
        if (--pending[child] == 0 && !wanted.get(child)) {
          letGo(child);
        }
      }
      held.accept(own.bytes() + bytes);
    }
  }

  /** The distinct components, other than itself, that children of its members are in. */
  private int[] children(int component) {
    int[] found = new int[8];
    int size = 0;
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = components.of(graph.child(place));
        // 0 is the mark of no component.
        if (child != component && childSeenBy[child] != component + 1) {
          childSeenBy[child] = component + 1;
          if (size == found.length) {
            found = Arrays.copyOf(found, 2 * size);
          }
          found[size++] = child;
        }
      }
    }
    return Arrays.copyOf(found, size);
  }

  private void unite(int component, int[] children) {
    List<MemberSet> parts = new ArrayList<>();
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      MemberSet some = own.take(components.member(at));
      if (some != null) {
        parts.add(some);
      }
    }
    int owned = parts.size();
    int largest = -1;
    for (int child : children) {
      if (sets[child] != null) {
        parts.add(sets[child]);
        if (largest < 0 || sets[child].size() > sets[largest].size()) {
          largest = child;
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
    } else if (gathering != null && parts.stream().allMatch(part -> part.size() <= MemberSet.FEW)) {
      gather(component, parts, largest);
    } else {
      hold(component, MemberSet.of(united(parts, owned, children)));
    }
  }

  /** It has what a child has: the same set. */
  private void share(int component, int child) {
    sets[component] = sets[child];
    madeFor[component] = madeFor[child];
    holders[madeFor[child]]++;
  }

  private void hold(int component, MemberSet set) {
    if (set.many() != null && wanted.get(component)) {
      set.many().runOptimize();
    }
    sets[component] = set;
    madeFor[component] = component;
    holders[component] = 1;
    bytes += set.bytes();
  }

  /**
   * @param largest the child with most, or less than 0
   */
  private void gather(int component, List<MemberSet> parts, int largest) {
    parts.forEach(gathering::add);
    int[] all = gathering.taken();
    if (largest >= 0 && all.length == sets[largest].size()) {
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
  private RoaringBitmap united(List<MemberSet> parts, int owned, int[] children) {
    MemberSet base = null;
    for (MemberSet part : parts.subList(0, owned)) {
      base = larger(base, part);
    }
    int of = -1;
    for (int child : children) {
      if (sets[child] != null && isLastUse(child) && larger(base, sets[child]) != base) {
        base = sets[child];
        of = child;
      }
    }
    if (of >= 0) {
      bytes -= base.bytes();
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

  /** Of bitmaps. */
  private static MemberSet larger(MemberSet one, MemberSet other) {
    if (other.many() == null) {
      return one;
    }
    return one == null || other.bytes() > one.bytes() ? other : one;
  }

  private boolean isLastUse(int child) {
    return pending[child] == 1 && !wanted.get(child) && holders[madeFor[child]] == 1;
  }

  /** What a set takes on the heap, about: a container is an object and an array of its own. */
  public static long bytes(RoaringBitmap set) {
    return SET_BYTES + CONTAINER_BYTES * set.getContainerCount() + set.getLongSizeInBytes();
  }

  private void letGo(int component) {
    if (sets[component] != null) {
      if (--holders[madeFor[component]] == 0) {
        bytes -= sets[component].bytes();
      }
      sets[component] = null;
    }
  }
}
