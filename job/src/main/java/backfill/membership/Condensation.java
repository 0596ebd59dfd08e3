package backfill.membership;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The graph of a graph's components, which has no circle: for each the others that its members
 * hold, once. A component's children come before it, as {@link Components} numbers them.
 */
final class Condensation {
  private final int[] first;
  private final int[] children;

  private Condensation(int[] first, int[] children) {
    this.first = first;
    this.children = children;
  }

  static Condensation of(NestingGraph graph, Components components) {
    int[] first = new int[components.count() + 1];
    int[] children = new int[Math.toIntExact(graph.edges())];
    int size = 0;
    for (int component = 0; component < components.count(); component++) {
      int from = size;
      for (int at = components.first(component); at < components.first(component + 1); at++) {
        int member = components.member(at);
        for (int place = graph.first(member); place < graph.first(member + 1); place++) {
          int child = components.of(graph.child(place));
          if (child != component) {
            children[size++] = child;
          }
        }
      }
      size = from + distinct(children, from, size);
      first[component + 1] = size;
    }
    return new Condensation(first, children);
  }

  /** Sorts a part of an array, and leaves each number once at its beginning. */
  private static int distinct(int[] some, int from, int to) {
    if (to - from > 1) {
      Arrays.sort(some, from, to);
    }
    int size = 0;
    for (int at = from; at < to; at++) {
      if (at == from || some[at] != some[at - 1]) {
        some[from + size++] = some[at];
      }
    }
    return size;
  }

  /** How many components there are. */
  int size() {
    return first.length - 1;
  }

  /** The place of a component's first child; those of the next component begin behind its last. */
  int first(int component) {
    return first[component];
  }

  /** The child at a place. */
  int child(int place) {
    return children[place];
  }

  /** These, and all below them. */
  BitSet below(BitSet some) {
    BitSet below = (BitSet) some.clone();
    for (int component = size() - 1; component >= 0; component--) {
      if (below.get(component)) {
        for (int place = first[component]; place < first[component + 1]; place++) {
          below.set(children[place]);
        }
      }
    }
    return below;
  }

  /**
   * Some components, children before their parents, in steps of which no component holds another.
   *
   * @param some with all below them
   */
  int[][] steps(BitSet some) {
    int[] stepOf = new int[size()];
    int[] sizes = new int[16];
    int steps = 0;
    for (int each = some.nextSetBit(0); each >= 0; each = some.nextSetBit(each + 1)) {
      int step = 0;
      for (int place = first[each]; place < first[each + 1]; place++) {
        step = Math.max(step, stepOf[children[place]] + 1);
      }
      stepOf[each] = step;
      steps = Math.max(steps, step + 1);
      if (step >= sizes.length) {
        sizes = Arrays.copyOf(sizes, Math.max(step + 1, 2 * sizes.length));
      }
      sizes[step]++;
    }
    int[][] found = new int[steps][];
    for (int step = 0; step < steps; step++) {
      found[step] = new int[sizes[step]];
    }
    for (int each = some.previousSetBit(size()); each >= 0; each = some.previousSetBit(each - 1)) {
      found[stepOf[each]][--sizes[stepOf[each]]] = each;
    }
    return found;
  }
}
