package backfill.plan;

import backfill.plan.sql.TablesInQuery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Puts sources and views in an order in which each needs only earlier ones, and finds those that
 * need each other.
 */
final class RelationOrder {
  private final Map<String, Set<String>> needs;
  private final Set<String> ordered = new LinkedHashSet<>();
  private final List<String> path = new ArrayList<>();
  private final List<List<String>> cycles = new ArrayList<>();

  /**
   * @param needs name to the names that must be at hand before it
   */
  RelationOrder(Map<String, Set<String>> needs) {
    this.needs = needs;
    needs.keySet().forEach(this::visit);
  }

  /** What each source and view needs of the others. */
  static Map<String, Set<String>> needs(Collection<Source> sources, Map<String, String> views) {
    Map<String, Set<String>> needs = new LinkedHashMap<>();
    for (Source source : sources) {
      needs.put(
          source.name(),
          source.keyedBy().map(Source.KeyedBy::keys).orElse(List.of()).stream()
              .map(Source.KeyOrigin::from)
              .collect(Collectors.toCollection(LinkedHashSet::new)));
    }
    views.forEach((view, query) -> needs.put(view, TablesInQuery.in(query)));
    return needs;
  }

  List<String> ordered() {
    return List.copyOf(ordered);
  }

  /** Each as the names on the way from one back to itself. */
  List<List<String>> cycles() {
    return cycles;
  }

  private void visit(String name) {
    if (ordered.contains(name)) {
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
    for (String needed : needs.get(name)) {
      if (needs.containsKey(needed)) {
        visit(needed);
      }
    }
    path.remove(path.size() - 1);
    ordered.add(name);
  }
}
