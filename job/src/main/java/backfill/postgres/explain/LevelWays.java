package backfill.postgres.explain;

import backfill.postgres.explain.LevelRanks.Rank;
import backfill.postgres.explain.LevelReach.Linked;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Finds every way by which one user has one object, and the level that each gives: of a chain that
 * of the best one there is, and of those that give it the shortest.
 */
final class LevelWays {
  private final RowLook rows;
  private final LevelReach reach;
  private final int limit;
  private final Edge.OfStep edges;
  private final List<Found> found = new ArrayList<>();

  LevelWays(RowLook rows, int limit, Edge.OfStep edges, LevelRanks ranks) {
    this.rows = rows;
    this.limit = limit;
    this.edges = edges;
    this.reach = new LevelReach(rows, ranks);
  }

  /** One way, before its rows are looked at. */
  private record Found(
      Rank level, Edge grants, Edge members, String object, Linked group, Linked down) {}

  StepExplanation.Given find(String object, String user, List<String> unseen) throws SQLException {
    Map<String, Linked> objects = reach.above(edges, object);
    List<Map<String, Linked>> groups = new ArrayList<>();
    for (Edge members : edges.members()) {
      groups.add(
          reach.upwards(edges.nested(), reach.levels(members.reversed(), Map.of(user, Rank.ANY))));
    }
    for (Edge direct : edges.direct()) {
      for (LevelReach.Step each : reach.steps(direct.reversed(), List.of(user), objects.keySet())) {
        Linked down = objects.get(each.to());
        found.add(
            new Found(each.level().atMost(down.level()), direct, null, each.to(), null, down));
      }
    }
    for (Edge through : edges.through()) {
      List<LevelReach.Step> grants = reach.steps(through, objects.keySet(), null);
      for (int i = 0; i < groups.size(); i++) {
        for (LevelReach.Step grant : grants) {
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
        pairs,
        ways,
        found.size(),
        unseen,
        found.isEmpty() ? null : found.get(0).level().text(),
        null);
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
}
