package backfill.postgres.explain;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
        if (!groups.isEmpty() && !edges.nested().isEmpty()) {
          nested(edges.nested(), through, members, groups, object, user);
        } else if (!groups.isEmpty()) {
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
        byGroup(members, members.right(), user, members.left(), groups);
    List<String> first = memberRows.keySet().stream().limit(limit).toList();
    all += memberRows.size();
    if (first.isEmpty()) {
      return;
    }
    Map<String, StepExplanation.Found> grantRows =
        byGroup(through, through.left(), object, through.right(), first);
    first.forEach(
        group ->
            ways.add(
                new StepExplanation.Way(group, grantRows.get(group), memberRows.get(group), 1)));
  }

  /** Those of the object's groups in which the user is, or a group in which the user is. */
  private void nested(
      List<Edge> nested,
      Edge through,
      Edge members,
      List<String> granted,
      String object,
      String user)
      throws SQLException {
    List<String> own =
        rows.keys(members.relation(), members.left(), sql -> members.right().is(sql, user));
    Map<String, String> next = NestingLook.shortest(own, new NestingLook(rows, nested).above(own));
    Set<String> wanted = Set.copyOf(granted);
    List<String> reached = next.keySet().stream().filter(wanted::contains).toList();
    all += reached.size();
    Map<String, List<String>> chains = new LinkedHashMap<>();
    reached.stream()
        .limit(limit)
        .forEach(group -> chains.put(group, NestingLook.behind(group, next)));
    if (chains.isEmpty()) {
      return;
    }
    Map<String, StepExplanation.Found> grantRows =
        byGroup(through, through.left(), object, through.right(), chains.keySet());
    Map<String, StepExplanation.Found> memberRows =
        byGroup(
            members,
            members.right(),
            user,
            members.left(),
            chains.keySet().stream().map(group -> last(group, chains)).toList());
    chains.forEach(
        (group, chain) ->
            ways.add(
                new StepExplanation.Way(
                    group,
                    grantRows.get(group),
                    memberRows.get(last(group, chains)),
                    1,
                    chain,
                    null)));
  }

  /** The rows that name a key at one end, and one of some groups at the other. */
  private Map<String, StepExplanation.Found> byGroup(
      Edge edge, Stored known, String key, Stored group, Collection<String> groups)
      throws SQLException {
    return rows.foundByGroup(
        edge.relation(),
        group,
        edge.ends(),
        sql -> group.isAnyOf(known.is(sql, key).add(" AND "), groups));
  }

  /** The group that has the user. */
  private static String last(String group, Map<String, List<String>> chains) {
    List<String> chain = chains.get(group);
    return chain.isEmpty() ? group : chain.get(chain.size() - 1);
  }
}
