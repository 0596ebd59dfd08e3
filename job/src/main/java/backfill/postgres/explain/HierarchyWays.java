package backfill.postgres.explain;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the ways of a step whose objects are within others: by grants on the object and above it.
 */
final class HierarchyWays {
  private final RowLook rows;
  private final int limit;
  private final Edge.OfStep edges;
  private final List<String> unseen;
  private final NestingLook objects;
  private final Within within;

  /**
   * @param within what the keys that are counted must hold; null where none are
   */
  HierarchyWays(RowLook rows, int limit, Edge.OfStep edges, List<String> unseen, Within within) {
    this.within = within;
    this.rows = rows;
    this.limit = limit;
    this.edges = edges;
    this.unseen = unseen;
    this.objects = new NestingLook(rows, edges.objects());
  }

  /** Every way by which a user has an object. */
  StepExplanation.Given pair(String object, String user) throws SQLException {
    List<StepExplanation.Way> ways = new ArrayList<>();
    long all = 0;
    for (Map.Entry<String, List<String>> each : granted(object).entrySet()) {
      StepExplanation.Given given =
          new PairWays(rows, limit).find(edges, each.getKey(), user, unseen);
      all += given.allWays();
      given.ways().forEach(way -> ways.add(way.on(each.getValue())));
    }
    return new StepExplanation.Given(
        all > 0 ? Long.valueOf(1) : none(),
        ways.subList(0, Math.min(limit, ways.size())),
        all,
        unseen);
  }

  /** Who has an object. */
  StepExplanation.Given users(String object) throws SQLException {
    return new CountedWays(rows, limit, within).users(edges, granted(object), unseen);
  }

  private Long none() {
    return unseen.isEmpty() ? Long.valueOf(0) : null;
  }

  /** The object and those that it is within, as far as something is granted on them. */
  private Map<String, List<String>> granted(String object) throws SQLException {
    if (leavesOf(Set.of(object)).isEmpty()) {
      return Map.of();
    }
    List<String> asked = List.of(object);
    Map<String, String> next = NestingLook.shortest(asked, objects.above(asked));
    Set<String> granted = new HashSet<>();
    for (List<Edge> some : List.of(edges.direct(), edges.through())) {
      for (Edge edge : some) {
        granted.addAll(
            rows.keys(
                edge.relation(), edge.left(), sql -> edge.left().isAnyOf(sql, next.keySet())));
      }
    }
    Map<String, List<String>> chains = new LinkedHashMap<>();
    for (String each : next.keySet()) {
      if (granted.contains(each)) {
        List<String> chain = new ArrayList<>(List.of(each));
        chain.addAll(NestingLook.behind(each, next));
        chains.put(each, chain.size() == 1 ? null : chain);
      }
    }
    return chains;
  }

  /** Those that the target is to have. */
  private Set<String> leavesOf(Set<String> some) throws SQLException {
    if (edges.leaves().isEmpty()) {
      return some;
    }
    Edge leaves = edges.leaves().get();
    Set<String> kept = new HashSet<>(some);
    kept.retainAll(
        rows.keys(leaves.relation(), leaves.left(), sql -> leaves.left().isAnyOf(sql, some)));
    return kept;
  }

  /** What a user has, counted here: a grant is followed down to all that it reaches. */
  StepExplanation.Given objects(String user) throws SQLException {
    Map<StepExplanation.Way, Set<String>> given = new LinkedHashMap<>();
    for (Edge edge : edges.direct()) {
      List<String> own = rows.keys(edge.relation(), edge.left(), sql -> edge.right().is(sql, user));
      if (!own.isEmpty()) {
        given.put(
            new StepExplanation.Way(null, CountedWays.named(edge.relation()), null, 0),
            new LinkedHashSet<>(own));
      }
    }
    CountedWays counted = new CountedWays(rows, limit, within);
    for (Edge members : edges.members()) {
      List<String> groups = counted.above(counted.groups(members.reversed(), user), edges);
      for (Edge through : edges.through()) {
        byGroup(through, groups)
            .forEach(
                (group, own) ->
                    given.put(
                        new StepExplanation.Way(
                            group,
                            CountedWays.named(through.relation()),
                            CountedWays.named(members.relation()),
                            0),
                        own));
      }
    }
    return counted(given);
  }

  private Map<String, Set<String>> byGroup(Edge through, List<String> groups) throws SQLException {
    Map<String, Set<String>> found = new LinkedHashMap<>();
    if (groups.isEmpty()) {
      return found;
    }
    for (String[] each : rows.pairs(through.reversed(), groups)) {
      found.computeIfAbsent(each[0], group -> new LinkedHashSet<>()).add(each[1]);
    }
    return found;
  }

  private StepExplanation.Given counted(Map<StepExplanation.Way, Set<String>> given)
      throws SQLException {
    Set<String> all = new HashSet<>();
    given.values().forEach(all::addAll);
    Map<String, Set<String>> below = objects.below(all);
    Set<String> reached = NestingLook.shortest(all, below).keySet();
    Set<String> kept = new HashSet<>(leavesOf(reached));
    kept.removeIf(key -> !within.has(key));
    List<StepExplanation.Way> ways = new ArrayList<>();
    given.forEach(
        (way, own) -> {
          long pairs =
              NestingLook.shortest(own, below).keySet().stream().filter(kept::contains).count();
          if (pairs > 0) {
            ways.add(new StepExplanation.Way(way.group(), way.grants(), way.members(), pairs));
          }
        });
    ways.sort(Comparator.comparingLong(StepExplanation.Way::pairs).reversed());
    return new StepExplanation.Given(
        unseen.isEmpty() ? Long.valueOf(kept.size()) : null,
        ways.subList(0, Math.min(limit, ways.size())),
        ways.size(),
        unseen);
  }
}
