package backfill.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts views in an order in which each needs only earlier ones, and finds those that need each
 * other.
 */
final class ViewOrder {
  private final Map<String, String> views;
  private final Map<String, String> ordered = new LinkedHashMap<>();
  private final List<String> path = new ArrayList<>();
  private final List<List<String>> cycles = new ArrayList<>();

  ViewOrder(Map<String, String> views) {
    this.views = views;
    views.keySet().forEach(this::visit);
  }

  Map<String, String> ordered() {
    return Collections.unmodifiableMap(ordered);
  }

  /** Each as the names on the way from a view back to itself. */
  List<List<String>> cycles() {
    return cycles;
  }

  private void visit(String name) {
    if (ordered.containsKey(name)) {
      return;
    }
    int start = path.indexOf(name);
    if (start >= 0) {
      List<String> cycle = new ArrayList<>(path.subList(start, path.size()));
      cycle.add(name);
      cycles.add(cycle);
      return;
    }
    path.add(name);
    for (String needed : TableNames.in(views.get(name))) {
      if (views.containsKey(needed)) {
        visit(needed);
      }
    }
    path.remove(path.size() - 1);
    ordered.put(name, views.get(name));
  }
}
