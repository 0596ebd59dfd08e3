package backfill.membership;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The strongly connected components of a graph: what is nested in each other, in a circle, is one
 * component, and anything else a component of its own. They are numbered so that a child's
 * component never comes after its parent's.
 *
 * <p>By Tarjan's algorithm, with stacks of its own instead of calls, so that the depth of a graph
 * is bounded by nothing but memory.
 *
 * @see <a href="https://doi.org/10.1137/0201010">R. Tarjan, Depth-first search and linear graph
 *     algorithms, 1972</a>
 */
public final class Components {
  private static final int NONE = -1;

  private final NestingGraph graph;
  private final int[] componentOf;
  private final int count;
  private final int[] first;
  private final int[] members;

  private Components(NestingGraph graph, int[] componentOf, int count) {
    this.graph = graph;
    this.componentOf = componentOf;
    this.count = count;
    this.first = new int[count + 1];
    this.members = new int[componentOf.length];
    for (int component : componentOf) {
      first[component + 1]++;
    }
    for (int component = 0; component < count; component++) {
      first[component + 1] += first[component];
    }
    int[] next = Arrays.copyOf(first, count);
    for (int number = 0; number < componentOf.length; number++) {
      members[next[componentOf[number]]++] = number;
    }
  }

  /**
   * One circle.
   *
   * @param size how many are in it
   * @param first the smallest keys among them
   */
  public record Cycle(int size, List<Long> first) {
    public Cycle {
      first = List.copyOf(first);
    }
  }

  public static Components of(NestingGraph graph) {
    return new Search(graph).run();
  }

  /** How many components there are. */
  int count() {
    return count;
  }

  /** The component of a number of the graph. */
  int of(int number) {
    return componentOf[number];
  }

  /** The place of a component's first member; those of the next component begin behind its last. */
  int first(int component) {
    return first[component];
  }

  /** The number of the graph at a place, ascending within a component. */
  int member(int place) {
    return members[place];
  }

  private int size(int component) {
    return first[component + 1] - first[component];
  }

  /** How many components are circles. */
  public long cycles() {
    long cycles = 0;
    for (int component = 0; component < count; component++) {
      cycles += size(component) > 1 ? 1 : 0;
    }
    return cycles;
  }

  /** How many keys are in a circle. */
  public long inCycles() {
    long members = 0;
    for (int component = 0; component < count; component++) {
      members += size(component) > 1 ? size(component) : 0;
    }
    return members;
  }

  /** How many keys are nested in themselves, by an edge of their own. */
  public long selfNested() {
    long members = 0;
    for (int number = 0; number < graph.size(); number++) {
      boolean self = false;
      for (int place = graph.first(number); place < graph.first(number + 1); place++) {
        self |= graph.child(place) == number;
      }
      members += self ? 1 : 0;
    }
    return members;
  }

  /** The circles with the smallest keys, in the order of these. */
  public List<Cycle> firstCycles(int most, int membersOfEach) {
    List<Cycle> cycles = new ArrayList<>();
    boolean[] seen = new boolean[count];
    for (int number = 0; number < graph.size() && cycles.size() < most; number++) {
      int component = componentOf[number];
      if (size(component) > 1 && !seen[component]) {
        seen[component] = true;
        cycles.add(cycle(component, membersOfEach));
      }
    }
    return cycles;
  }

  private Cycle cycle(int component, int most) {
    List<Long> keys = new ArrayList<>();
    for (int place = first[component];
        place < first[component + 1] && keys.size() < most;
        place++) {
      keys.add(graph.key(members[place]));
    }
    return new Cycle(size(component), keys);
  }

  /** The search, and where it is. */
  private static final class Search {
    private final NestingGraph graph;
    private final int[] componentOf;
    private final int[] order;
    private final int[] low;
    private final int[] next;
    private final int[] path;
    private final int[] open;
    private int depth;
    private int opened;
    private int time;
    private int found;

    Search(NestingGraph graph) {
      this.graph = graph;
      int size = graph.size();
      componentOf = new int[size];
      Arrays.fill(componentOf, NONE);
      order = new int[size];
      low = new int[size];
      next = new int[size];
      path = new int[size];
      open = new int[size];
    }

    Components run() {
      for (int root = 0; root < graph.size(); root++) {
        if (order[root] == 0) {
          enter(root);
          while (depth > 0) {
            step(path[depth - 1]);
          }
        }
      }
      return new Components(graph, componentOf, found);
    }

    private void enter(int number) {
      order[number] = ++time;
      low[number] = time;
      next[number] = graph.first(number);
      path[depth++] = number;
      open[opened++] = number;
    }

    private void step(int number) {
      if (next[number] == graph.first(number + 1)) {
        leave(number);
        return;
      }
      int child = graph.child(next[number]++);
      if (order[child] == 0) {
        enter(child);
      } else if (componentOf[child] == NONE) {
        low[number] = Math.min(low[number], order[child]);
      }
    }

    private void leave(int number) {
      depth--;
      if (depth > 0) {
        int parent = path[depth - 1];
        low[parent] = Math.min(low[parent], low[number]);
      }
      if (low[number] == order[number]) {
        int member;
        do {
          member = open[--opened];
          componentOf[member] = found;
        } while (member != number);
        found++;
      }
    }
  }
}
