package backfill.postgres.explain;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds every way by which one user has one object. */
final class PairWays {
  private final RowLook rows;
  private final int limit;
  private final List<StepExplanation.Way> ways = new ArrayList<>();
  private long all;

  PairWays(RowLook rows, int limit) {
    this.rows = rows;
    this.limit = limit;
  }

  StepExplanation.Given find(Edge.OfStep edges, String object, String user, List<String> unseen)
      throws SQLException {
    for (Edge edge : edges.direct()) {
      direct(edge, object, user);
    }
    for (Edge through : edges.through()) {
      List<String> groups =
          rows.keys(through.relation(), through.right(), sql -> through.left().is(sql, object));
      for (Edge members : edges.members()) {
        if (!groups.isEmpty()) {
          groups(through, members, groups, object, user);
        }
      }
    }
    Long pairs = all > 0 ? Long.valueOf(1) : unseen.isEmpty() ? Long.valueOf(0) : null;
    return new StepExplanation.Given(
        pairs, ways.subList(0, Math.min(limit, ways.size())), all, unseen);
  }

  private void direct(Edge edge, String object, String user) throws SQLException {
    StepExplanation.Found found =
        rows.found(
            edge.relation(),
            edge.ends(),
            sql -> edge.right().is(edge.left().is(sql, object).add(" AND "), user));
    if (found.rows() > 0) {
      all++;
      ways.add(new StepExplanation.Way(null, found, null, 1));
    }
  }

  /** Those of the object's groups in which the user is. */
  private void groups(Edge through, Edge members, List<String> groups, String object, String user)
      throws SQLException {
    Map<String, StepExplanation.Found> memberRows =
        rows.foundByGroup(
            members.relation(),
            members.left(),
            members.ends(),
            sql ->
                members
                    .right()
                    .is(sql, user)
                    .add(" AND " + Relation.quoted(members.left().column()))
                    .addAnyOf(groups, members.left().type()));
    List<String> first = memberRows.keySet().stream().limit(limit).toList();
    all += memberRows.size();
    if (first.isEmpty()) {
      return;
    }
    Map<String, StepExplanation.Found> grantRows =
        rows.foundByGroup(
            through.relation(),
            through.right(),
            through.ends(),
            sql ->
                through
                    .left()
                    .is(sql, object)
                    .add(" AND " + Relation.quoted(through.right().column()))
                    .addAnyOf(first, through.right().type()));
    first.forEach(
        group ->
            ways.add(
                new StepExplanation.Way(group, grantRows.get(group), memberRows.get(group), 1)));
  }
}
