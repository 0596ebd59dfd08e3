package backfill.postgres.explain;

import backfill.postgres.explain.LevelRanks.Rank;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Finds every way by which one user has one object, and the level that each gives: of a chain that
 * of the best one there is, and of those that give it the shortest.
 */
final class LevelWays {
  private final RowLook rows;
  private final int limit;
  private final Edge.OfStep edges;
  private final LevelRanks ranks;
  private final List<Found> found = new ArrayList<>();

  LevelWays(RowLook rows, int limit, Edge.OfStep edges, LevelRanks ranks) {
    this.rows = rows;
    this.limit = limit;
    this.edges = edges;
    this.ranks = ranks;
  }

  /** One way, before its rows are looked at. */
  private record Found(
      Rank level, Edge grants, Edge members, String object, Linked group, Linked down) {}

  /**
   * A key that is reached from one of those that a search starts from.
   *
   * @param next the one before it; null for a start
   */
  private record Linked(String key, Rank level, int length, Linked next) {
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

  StepExplanation.Given find(String object, String user, List<String> unseen) throws SQLException {
    Map<String, Linked> objects = objects(object);
    List<Map<String, Linked>> groups = new ArrayList<>();
    for (Edge members : edges.members()) {
      groups.add(upwards(edges.nested(), levels(members.reversed(), List.of(user))));
    }
    for (Edge direct : edges.direct()) {
      for (Step each : steps(direct.reversed(), List.of(user), objects.keySet())) {
        Linked down = objects.get(each.to());
        found.add(
            new Found(each.level().atMost(down.level()), direct, null, each.to(), null, down));
      }
    }
    for (Edge through : edges.through()) {
      List<Step> grants = steps(through, objects.keySet(), null);
      for (int i = 0; i < groups.size(); i++) {
        for (Step grant : grants) {
          Linked group = groups.get(i).get(grant.to());
          if (group != null) {
            Linked down = objects.get(grant.from());
            found.add(
                new Found(
                    grant.level().atMost(group.level()).atMost(down.level()),
                    through,
                    edges.members().get(i),
                    grant.from(),
                    group,
                    down));
          }
        }
      }
    }
    found.sort(Comparator.comparingLong((Found way) -> way.level().rank()).reversed());
    return given(object, user, unseen);
  }

  private StepExplanation.Given given(String object, String user, List<String> unseen)
      throws SQLException {
    List<StepExplanation.Way> ways = new ArrayList<>();
    for (Found way : found.subList(0, Math.min(limit, found.size()))) {
      ways.add(way(way, object, user));
    }
    Long pairs = found.isEmpty() ? unseen.isEmpty() ? Long.valueOf(0) : null : Long.valueOf(1);
    return new StepExplanation.Given(
        pairs, ways, found.size(), unseen, found.isEmpty() ? null : found.get(0).level().text());
  }

  private StepExplanation.Way way(Found way, String object, String user) throws SQLException {
    Edge grants = way.grants();
    String grantee = way.group() == null ? user : way.group().key();
    List<String> down = new ArrayList<>(List.of(way.object()));
    down.addAll(way.down().behind());
    return new StepExplanation.Way(
        way.group() == null ? null : grantee,
        both(grants, way.object(), grantee),
        way.group() == null ? null : both(way.members(), way.group().last(), user),
        1,
        way.group() == null || edges.nested().isEmpty() ? null : way.group().behind(),
        way.object().equals(object) ? null : down,
        way.level().text(),
        way.level().rank() == found.get(0).level().rank());
  }

  /** The rows that name both. */
  private StepExplanation.Found both(Edge edge, String left, String right) throws SQLException {
    return rows.found(
        edge.relation(),
        edge.ends(),
        sql -> edge.right().is(edge.left().is(sql, left).add(" AND "), right));
  }

  /** The object and those that it is within, if the target is to have it. */
  private Map<String, Linked> objects(String object) throws SQLException {
    if (edges.leaves().isPresent()) {
      Edge leaves = edges.leaves().get();
      if (rows.keys(leaves.relation(), leaves.left(), sql -> leaves.left().is(sql, object))
          .isEmpty()) {
        return Map.of();
      }
    }
    return upwards(edges.objects(), Map.of(object, Rank.ANY));
  }

  /** One row of a source from one of its ends to the other; of several alike the highest. */
  private record Step(String from, String to, Rank level) {}

  private Map<String, Rank> levels(Edge edge, Collection<String> from) throws SQLException {
    Map<String, Rank> levels = new LinkedHashMap<>();
    for (Step each : steps(edge, from, null)) {
      levels.put(each.to(), each.level());
    }
    return levels;
  }

  /**
   * From the left to the right.
   *
   * @param to the only ones that are asked for; null for all
   */
  private List<Step> steps(Edge edge, Collection<String> from, Set<String> to) throws SQLException {
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
          return best.merge(
              List.of(row.getString(1), row.getString(2)),
              own,
              (one, other) -> one.rank() >= other.rank() ? one : other);
        });
    return best.entrySet().stream()
        .map(each -> new Step(each.getKey().get(0), each.getKey().get(1), each.getValue()))
        .filter(each -> to == null || to.contains(each.to()))
        .toList();
  }

  /** From children to their parents, at any height, each by the chain that passes on most. */
  private Map<String, Linked> upwards(List<Edge> nested, Map<String, Rank> starts)
      throws SQLException {
    Map<String, List<Step>> steps = new HashMap<>();
    if (!nested.isEmpty() && !starts.isEmpty()) {
      Set<String> all = new java.util.LinkedHashSet<>(starts.keySet());
      new NestingLook(rows, nested).above(starts.keySet()).values().forEach(all::addAll);
      for (Edge edge : nested) {
        for (Step each : steps(edge.reversed(), all, null)) {
          steps.computeIfAbsent(each.from(), key -> new ArrayList<>()).add(each);
        }
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
