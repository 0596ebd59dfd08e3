package backfill.postgres.explain;

import backfill.postgres.explain.LevelRanks.Rank;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * What is reached from some keys over the rows of a step's sources, at which level: by one row, or
 * along what is nested by the chain that passes on most, and of those the shortest.
 */
record LevelReach(RowLook rows, LevelRanks ranks) {

  /**
   * A key that is reached from one of those that a search starts from.
   *
   * @param next the one before it; null for a start
   */
  record Linked(String key, Rank level, int length, Linked next) {
    /** The keys behind this one on its chain, in their order. */
    List<String> behind() {
      List<String> chain = new ArrayList<>();
      for (Linked at = next; at != null; at = at.next) {
        chain.add(at.key);
      }
      return chain;
    }

    String last() {
      Linked at = this;
      while (at.next != null) {
        at = at.next;
      }
      return at.key;
    }
  }

  /** One row of a source from one of its ends to the other; of several alike the highest. */
  record Step(String from, String to, Rank level) {}

  /** The object and those that it is within, if the target is to have it. */
  Map<String, Linked> above(Edge.OfStep edges, String object) throws SQLException {
    if (edges.leaves().isPresent()) {
      Edge leaves = edges.leaves().get();
      if (rows.keys(leaves.relation(), leaves.left(), sql -> leaves.left().is(sql, object))
          .isEmpty()) {
        return Map.of();
      }
    }
    return upwards(edges.objects(), Map.of(object, Rank.ANY));
  }

  /** What these keys have on the right of an edge, each at the highest level of all rows. */
  Map<String, Rank> levels(Edge edge, Map<String, Rank> from) throws SQLException {
    Map<String, Rank> levels = new LinkedHashMap<>();
    for (Step each : steps(edge, from.keySet(), null)) {
      levels.merge(each.to(), each.level().atMost(from.get(each.from())), Rank::orHigher);
    }
    return levels;
  }

  /**
   * From the left to the right.
   *
   * @param to the only ones that are asked for; null for all
   */
  List<Step> steps(Edge edge, Collection<String> from, Set<String> to) throws SQLException {
    Map<List<String>, Rank> best = new LinkedHashMap<>();
    if (from.isEmpty()) {
      return List.of();
    }
    boolean column = edge.level() != null && edge.level().column() != null;
    String level =
        column
            ? Relation.quoted(edge.relation().table().column(edge.level().column()).orElseThrow())
                + "::pg_catalog.text"
            : "NULL::pg_catalog.text";
    rows.query(
        edge.relation(),
        rows.select(
            edge.relation(),
            "DISTINCT %s::pg_catalog.text, %s::pg_catalog.text, %s"
                .formatted(edge.left().value(), edge.right().value(), level),
            sql -> edge.left().isAnyOf(sql, from).add(" AND " + edge.right().notNull())),
        row -> {
          Rank own = ranks.of(edge, row.getString(3));
          return best.merge(List.of(row.getString(1), row.getString(2)), own, Rank::orHigher);
        });
    return best.entrySet().stream()
        .map(each -> new Step(each.getKey().get(0), each.getKey().get(1), each.getValue()))
        .filter(each -> to == null || to.contains(each.to()))
        .toList();
  }

  /** From children to their parents, at any height. */
  Map<String, Linked> upwards(List<Edge> nested, Map<String, Rank> starts) throws SQLException {
    if (nested.isEmpty() || starts.isEmpty()) {
      return along(nested, starts, Set.of());
    }
    Set<String> all = new LinkedHashSet<>(starts.keySet());
    new NestingLook(rows, nested).above(starts.keySet()).values().forEach(all::addAll);
    return along(nested.stream().map(Edge::reversed).toList(), starts, all);
  }

  /** From parents to their children, at any depth. */
  Map<String, Linked> downwards(List<Edge> nested, Map<String, Rank> starts) throws SQLException {
    if (nested.isEmpty() || starts.isEmpty()) {
      return along(nested, starts, Set.of());
    }
    Set<String> all = new LinkedHashSet<>(starts.keySet());
    new NestingLook(rows, nested).below(starts.keySet()).values().forEach(all::addAll);
    return along(nested, starts, all);
  }

  /**
   * From the left of edges to their right.
   *
   * @param all that can be reached
   */
  private Map<String, Linked> along(List<Edge> edges, Map<String, Rank> starts, Set<String> all)
      throws SQLException {
    Map<String, List<Step>> steps = new HashMap<>();
    for (Edge edge : edges) {
      for (Step each : steps(edge, all, null)) {
        steps.computeIfAbsent(each.from(), key -> new ArrayList<>()).add(each);
      }
    }
    PriorityQueue<Linked> open =
        new PriorityQueue<>(
            Comparator.comparingLong((Linked key) -> key.level().rank())
                .reversed()
                .thenComparingInt(Linked::length));
    starts.forEach((key, level) -> open.add(new Linked(key, level, 0, null)));
    Map<String, Linked> reached = new LinkedHashMap<>();
    while (!open.isEmpty()) {
      Linked best = open.remove();
      if (reached.putIfAbsent(best.key(), best) == null) {
        for (Step each : steps.getOrDefault(best.key(), List.of())) {
          open.add(
              new Linked(each.to(), best.level().atMost(each.level()), best.length() + 1, best));
        }
      }
    }
    return reached;
  }
}
