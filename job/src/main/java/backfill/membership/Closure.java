package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
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
  private final LongConsumer held;
  private final RoaringBitmap[] sets;
  private final int[] madeFor;
  private final int[] holders;
  private final int[] pending;
  private final BitSet wanted;
  private final BitSet needed;
  private final int[] childSeenBy;
  private long bytes;

  private Closure(
      NestingGraph graph, Components components, BitSet wantedNumbers, LongConsumer held) {
    this.graph = graph;
    this.components = components;
    this.held = held;
    int count = components.count();
    sets = new RoaringBitmap[count];
    madeFor = new int[count];
    holders = new int[count];
    pending = new int[count];
    childSeenBy = new int[count];
    wanted = new BitSet(count);
    wantedNumbers.stream().forEach(number -> wanted.set(components.of(number)));
    needed = new BitSet(count);
  }

  /**
   * The numbers of the graph whose own sets matter: those that are wanted, and all below them.
   *
   * @param wanted numbers of the graph
   */
  public static BitSet reached(NestingGraph graph, Components components, BitSet wanted) {
    Closure closure = new Closure(graph, components, wanted, bytes -> {});
    closure.findNeeded();
    BitSet numbers = new BitSet(graph.size());
    for (int number = 0; number < graph.size(); number++) {
      numbers.set(number, closure.needed.get(components.of(number)));
    }
    return numbers;
  }

  /**
   * The closed set of each wanted number, at its place; null where that is empty. Sets may be the
   * same for several numbers, and are not to be changed.
   *
   * @param own for each number of the graph its own set, or null; what is here is changed and let
   *     go
   * @param held is told what the sets take in memory, in bytes, whenever that grows; it may throw
   */
  public static RoaringBitmap[] close(
      NestingGraph graph,
      Components components,
      RoaringBitmap[] own,
      BitSet wanted,
      LongConsumer held) {
    Closure closure = new Closure(graph, components, wanted, held);
    closure.findNeeded();
    closure.unite(own);
    RoaringBitmap[] closed = new RoaringBitmap[graph.size()];
    wanted.stream().forEach(number -> closed[number] = closure.sets[components.of(number)]);
    return closed;
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

  private void unite(RoaringBitmap[] own) {
    for (int number = 0; number < own.length; number++) {
      if (own[number] != null && (own[number].isEmpty() || !needed.get(components.of(number)))) {
        own[number] = null;
      }
      bytes += own[number] == null ? 0 : bytes(own[number]);
    }
    held.accept(bytes);
    for (int component = needed.nextSetBit(0);
        component >= 0;
        component = needed.nextSetBit(component + 1)) {
      int[] children = children(component);
      unite(component, children, own(component, own));
      for (int child : children) {
        if (--pending[child] == 0 && !wanted.get(child)) {
          letGo(child);
        }
      }
      held.accept(bytes);
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

  /** The sets of its members, which nothing else holds. */
  private RoaringBitmap own(int component, RoaringBitmap[] own) {
    RoaringBitmap all = null;
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      RoaringBitmap some = own[member];
      own[member] = null;
      if (all == null) {
        all = some;
      } else if (some != null) {
        bytes -= bytes(all) + bytes(some);
        all.or(some);
        bytes += bytes(all);
      }
    }
    return all;
  }

  private void unite(int component, int[] children, RoaringBitmap own) {
    List<RoaringBitmap> parts = new ArrayList<>();
    int base = -1;
    for (int child : children) {
      if (sets[child] == null) {
        continue;
      }
      parts.add(sets[child]);
      if (isLastUse(child) && (base < 0 || bytes(sets[child]) > bytes(sets[base]))) {
        base = child;
      }
    }
    if (own == null && parts.size() == 1 && base < 0) {
      share(component, children);
      return;
    }
    if (own != null) {
      parts.add(own);
    }
    if (parts.isEmpty()) {
      return;
    }
    sets[component] = united(parts, base, own);
    madeFor[component] = component;
    holders[component] = 1;
    if (wanted.get(component)) {
      bytes -= bytes(sets[component]);
      sets[component].runOptimize();
      bytes += bytes(sets[component]);
    }
  }

  private boolean isLastUse(int child) {
    return pending[child] == 1 && !wanted.get(child) && holders[madeFor[child]] == 1;
  }

  /** It has what its only child with a set has: the same set. */
  private void share(int component, int[] children) {
    for (int child : children) {
      if (sets[child] != null) {
        sets[component] = sets[child];
        madeFor[component] = madeFor[child];
        holders[madeFor[child]]++;
      }
    }
  }

  /**
   * @param base the child whose set may be changed, or less than 0
   * @param own may be changed, too; or null
   */
  private RoaringBitmap united(List<RoaringBitmap> parts, int base, RoaringBitmap own) {
    RoaringBitmap into;
    if (base >= 0 && (own == null || bytes(sets[base]) >= bytes(own))) {
      into = sets[base];
    } else {
      into = own;
    }
    if (into == null) {
      into = parts.get(0).clone();
    } else {
      bytes -= bytes(into);
    }
    for (RoaringBitmap part : parts) {
      if (part != into) {
        into.or(part);
      }
    }
    bytes += bytes(into);
    if (own != null && own != into) {
      bytes -= bytes(own);
    }
    if (base >= 0 && sets[base] == into) {
      sets[base] = null;
    }
    return into;
  }

  /** What a set takes on the heap, about: a container is an object and an array of its own. */
  public static long bytes(RoaringBitmap set) {
    return SET_BYTES + CONTAINER_BYTES * set.getContainerCount() + set.getLongSizeInBytes();
  }

  private void letGo(int component) {
    if (sets[component] != null) {
      if (--holders[madeFor[component]] == 0) {
        bytes -= bytes(sets[component]);
      }
      sets[component] = null;
    }
  }
}
