package backfill.postgres.explain;

import backfill.postgres.catalog.KeyType;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Counts what one key has on the other side, by way: a user's objects, or an object's users. Each
 * edge stands with the key that is known, or the group, on its left.
 */
final class CountedWays {
  private final RowLook rows;
  private final int limit;
  private final Within within;
  private final List<StepExplanation.Way> ways = new ArrayList<>();
  private final List<Part> parts = new ArrayList<>();
  private long all;

  /**
   * @param within what the keys that are counted must hold
   */
  CountedWays(RowLook rows, int limit, Within within) {
    this.rows = rows;
    this.limit = limit;
    this.within = within;
  }

  /** The keys on the right of an edge that are had by one way or several. */
  private record Part(Edge edge, RowLook.Match match) {
    String database() {
      return edge.relation().database();
    }
  }

  /** Who has an object. */
  StepExplanation.Given users(Edge.OfStep edges, String object, List<String> unseen)
      throws SQLException {
    return users(edges, Collections.singletonMap(object, null), unseen);
  }

  /**
   * Who has one of these objects.
   *
   * @param objects each with the chain to the one that is asked about, or null
   */
  StepExplanation.Given users(
      Edge.OfStep edges, Map<String, List<String>> objects, List<String> unseen)
      throws SQLException {
    for (Map.Entry<String, List<String>> object : objects.entrySet()) {
      int before = ways.size();
      of(edges, object.getKey());
      for (int i = before; i < ways.size(); i++) {
        ways.set(i, ways.get(i).on(object.getValue()));
      }
    }
    return given(unseen);
  }

  private void of(Edge.OfStep edges, String object) throws SQLException {
    direct(edges.direct(), object);
    for (Edge through : edges.through()) {
      List<String> groups = groups(through, object);
      Map<String, Set<String>> below =
          edges.nested().isEmpty() ? Map.of() : new NestingLook(rows, edges.nested()).below(groups);
      for (Edge members : edges.members()) {
        if (!below.isEmpty()) {
          nested(members, groups, below, through.relation());
          continue;
        }
        byGroup(members, groups, through.relation(), members.relation());
      }
    }
  }

  /** What a user has. */
  StepExplanation.Given objects(Edge.OfStep edges, String user, List<String> unseen)
      throws SQLException {
    direct(edges.direct().stream().map(Edge::reversed).toList(), user);
    for (Edge members : edges.members()) {
      List<String> groups = above(groups(members.reversed(), user), edges);
      for (Edge through : edges.through()) {
        byGroup(through.reversed(), groups, through.relation(), members.relation());
      }
    }
    return given(unseen);
  }

  /** These groups, and those that they are nested in. */
  List<String> above(List<String> groups, Edge.OfStep edges) throws SQLException {
    if (edges.nested().isEmpty()) {
      return groups;
    }
    Set<String> all = new LinkedHashSet<>(groups);
    new NestingLook(rows, edges.nested()).above(groups).values().forEach(all::addAll);
    return List.copyOf(all);
  }

  /** The users of each group that is granted, with those of the groups below it. */
  private void nested(
      Edge members, List<String> groups, Map<String, Set<String>> below, Relation grants)
      throws SQLException {
    List<String> granted = new ArrayList<>();
    List<String> held = new ArrayList<>();
    for (String group : groups) {
      for (String each : NestingLook.shortest(List.of(group), below).keySet()) {
        granted.add(group);
        held.add(each);
      }
    }
    KeyType type = members.left().type();
    String exact = NestingLook.exact(type);
    List<String> all = List.copyOf(new LinkedHashSet<>(held));
    RowLook.Match match = sql -> counted(members.left().isAnyOf(sql, all), members);
    Sql sql =
        new Sql()
            .add(
                "SELECT n.g::pg_catalog.text AS g, pg_catalog.count(DISTINCT e.u) AS pairs, pg_catalog.count(*) OVER () AS n FROM (");
    rows.select(
        sql,
        members.relation(),
        members.left().value() + " AS k, " + members.right().value() + " AS u",
        match);
    sql.add(") AS e JOIN unnest(").addAll(granted, type).add(", ").addAll(held, type);
    sql.add(") AS n(g, k) ON e.k" + exact + " = n.k GROUP BY n.g ORDER BY pairs DESC, n.g" + exact);
    counted(members, sql.add(" LIMIT " + limit), match, grants, members.relation());
  }

  private void direct(List<Edge> edges, String known) throws SQLException {
    for (Edge edge : edges) {
      RowLook.Match match = sql -> counted(edge.left().is(sql, known), edge);
      long pairs = rows.count(edge.relation(), "DISTINCT " + edge.right().value(), match);
      if (pairs > 0) {
        all++;
        ways.add(new StepExplanation.Way(null, named(edge.relation()), null, pairs));
        parts.add(new Part(edge, match));
      }
    }
  }

  List<String> groups(Edge edge, String known) throws SQLException {
    return rows.keys(edge.relation(), edge.right(), sql -> edge.left().is(sql, known));
  }

  private void byGroup(Edge edge, List<String> groups, Relation grants, Relation members)
      throws SQLException {
    if (groups.isEmpty()) {
      return;
    }
    RowLook.Match match = sql -> counted(edge.left().isAnyOf(sql, groups), edge);
    String group = edge.left().value();
    Sql sql =
        rows.select(
            edge.relation(),
            "%s::pg_catalog.text AS g, pg_catalog.count(DISTINCT %s) AS pairs, pg_catalog.count(*) OVER () AS n"
                .formatted(group, edge.right().value()),
            match);
    sql.add(" GROUP BY " + group + " ORDER BY pairs DESC, " + group + " LIMIT " + limit);
    counted(edge, sql, match, grants, members);
  }

  /** Takes the groups that a statement counts, and how many there are. */
  private void counted(Edge edge, Sql sql, RowLook.Match match, Relation grants, Relation members)
      throws SQLException {
    long[] counted = {0};
    rows.query(
        edge.relation(),
        sql,
        row -> {
          counted[0] = row.getLong("n");
          return ways.add(
              new StepExplanation.Way(
                  row.getString("g"), named(grants), named(members), row.getLong("pairs")));
        });
    if (counted[0] > 0) {
      all += counted[0];
      parts.add(new Part(edge, match));
    }
  }

  /** Adds that the key on the right is one that counts. */
  private Sql counted(Sql sql, Edge edge) {
    return within.addTo(sql.add(" AND " + edge.right().notNull()), edge.right());
  }

  static StepExplanation.Found named(Relation relation) {
    return new StepExplanation.Found(
        relation.name(), relation.table().name().toString(), null, List.of());
  }

  private StepExplanation.Given given(List<String> unseen) throws SQLException {
    List<StepExplanation.Way> largest =
        ways.stream()
            .sorted(Comparator.comparingLong(StepExplanation.Way::pairs).reversed())
            .limit(limit)
            .toList();
    return new StepExplanation.Given(unseen.isEmpty() ? total() : null, largest, all, unseen);
  }

  /** Each pair once, by however many ways it is given. */
  private Long total() throws SQLException {
    Set<String> databases = parts.stream().map(Part::database).collect(Collectors.toSet());
    if (databases.size() > 1) {
      return totalOfSeveral();
    }
    if (parts.isEmpty()) {
      return 0L;
    }
    Sql sql = new Sql().add("SELECT pg_catalog.count(DISTINCT pairs.k) FROM (");
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      sql.add(i == 0 ? "" : " UNION ALL ");
      rows.select(sql, part.edge().relation(), compared(part.edge().right()), part.match());
    }
    return rows.query(parts.get(0).edge().relation(), sql.add(") AS pairs"), row -> row.getLong(1))
        .get(0);
  }

  /** A UNION of texts needs one collation. */
  private static String compared(Stored end) {
    return "(" + end.value() + ")" + NestingLook.exact(end.type()) + " AS k";
  }

  /** No server has all of them: they are brought here. */
  private Long totalOfSeveral() throws SQLException {
    Set<String> keys = new HashSet<>();
    for (Part part : parts) {
      keys.addAll(rows.keys(part.edge().relation(), part.edge().right(), part.match()));
    }
    return (long) keys.size();
  }
}
