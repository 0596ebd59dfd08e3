package backfill.membership;

import java.util.Arrays;

/** How many levels of a graph are below each of its keys; those of a circle are on one level. */
public final class NestingDepth {
  private NestingDepth() {}

  /** How many keys have so many levels below them, from none on, by the longest chain each. */
  public static long[] of(NestingGraph graph, Components components) {
    int[] depths = new int[components.count()];
    long[] counts = new long[1];
    int deepest = -1;
    // Children come before their parents here.
    for (int component = 0; component < depths.length; component++) {
      int size = components.first(component + 1) - components.first(component);
      depths[component] = depth(graph, components, component, depths);
      deepest = Math.max(deepest, depths[component]);
      if (deepest >= counts.length) {
        counts = Arrays.copyOf(counts, 2 * deepest + 1);
      }
      counts[depths[component]] += size;
    }
    return Arrays.copyOf(counts, deepest + 1);
  }

  private static int depth(NestingGraph graph, Components components, int component, int[] depths) {
    int depth = 0;
    for (int at = components.first(component); at < components.first(component + 1); at++) {
      int member = components.member(at);
      for (int place = graph.first(member); place < graph.first(member + 1); place++) {
        int child = components.of(graph.child(place));
        if (child != component) {
          depth = Math.max(depth, depths[child] + 1);
        }
      }
    }
    return depth;
  }
}
