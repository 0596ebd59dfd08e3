package backfill.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds classes that cannot be understood one after the other: each of them uses all others of its
 * loop, directly or through them.
 *
 * @see <a href="https://doi.org/10.1137/0201010">Tarjan, Depth-first search and linear graph
 *     algorithms</a>
 */
public final class TestingClassLoops {
  private final Map<String, ? extends Collection<String>> uses;
  private final Map<String, Integer> order = new HashMap<>();
  private final Map<String, Integer> lowest = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final List<Set<String>> loops = new ArrayList<>();

  private TestingClassLoops(Map<String, ? extends Collection<String>> uses) {
    this.uses = uses;
  }

  /**
   * The loops of more than so many classes.
   *
   * @param uses class to the classes that it uses
   */
  public static List<Set<String>> beyond(int most, Map<String, ? extends Collection<String>> uses) {
    TestingClassLoops found = new TestingClassLoops(uses);
    uses.keySet().stream().filter(name -> !found.order.containsKey(name)).forEach(found::visit);
    return found.loops.stream().filter(loop -> loop.size() > most).toList();
  }

  private void visit(String name) {
    order.put(name, order.size());
    lowest.put(name, order.get(name));
    open.push(name);
    Collection<String> used = uses.get(name);
    for (String next : used == null ? List.<String>of() : used) {
      if (!order.containsKey(next)) {
        visit(next);
        lowest.merge(name, lowest.get(next), Math::min);
      } else if (open.contains(next)) {
        lowest.merge(name, order.get(next), Math::min);
      }
    }
    if (lowest.get(name).equals(order.get(name))) {
      Set<String> loop = new TreeSet<>();
      String last;
      do {
        last = open.pop();
        loop.add(last);
      } while (!last.equals(name));
      loops.add(loop);
    }
  }
}
