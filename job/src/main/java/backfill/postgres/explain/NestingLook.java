package backfill.postgres.explain;

import backfill.postgres.catalog.KeyType;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is nested in what around some keys: those above them, or those below them, at any depth.
 * Each source is followed by one recursive query, which circles end, and again from what another
 * one adds.
 */
final class NestingLook {
  private final RowLook rows;
  private final List<Edge> nested;

  NestingLook(RowLook rows, List<Edge> nested) {
    this.rows = rows;
    this.nested = nested;
  }

  /** The parents of these keys and of all keys above them, by child. */
  Map<String, Set<String>> above(Collection<String> keys) throws SQLException {
    return reach(keys, nested.stream().map(Edge::reversed).toList());
  }

  /** The children of these keys and of all keys below them, by parent. */
  Map<String, Set<String>> below(Collection<String> keys) throws SQLException {
    return reach(keys, nested);
  }

  /** From the left of each edge to its right. */
  private Map<String, Set<String>> reach(Collection<String> keys, List<Edge> edges)
      throws SQLException {
    Map<String, Set<String>> found = new LinkedHashMap<>();
    Set<String> known = new LinkedHashSet<>(keys);
    List<String> open = List.copyOf(known);
    while (!open.isEmpty()) {
      List<String> next = new ArrayList<>();
      for (Edge edge : edges) {
        for (String[] each : edges(edge, open)) {
          found.computeIfAbsent(each[0], key -> new LinkedHashSet<>()).add(each[1]);
          if (known.add(each[1])) {
            next.add(each[1]);
          }
        }
      }
      open = next;
    }
    return found;
  }

  private List<String[]> edges(Edge edge, List<String> from) throws SQLException {
    return edge.relation().keyedBy().isPresent() || edge.left().isJoined()
        ? rows.pairs(edge, from)
        : rows.query(edge.relation(), recursive(edge, from), RowLook::pair);
  }

  private Sql recursive(Edge edge, List<String> from) throws SQLException {
    KeyType type = edge.left().type();
    Sql sql =
        new Sql().add("WITH RECURSIVE reached(k) AS (SELECT l.k" + exact(type) + " FROM unnest(");
    sql.addAll(from, type).add(") AS l(k) UNION SELECT " + right(edge, "e") + " FROM (");
    pairs(sql, edge).add(") AS e JOIN reached ON " + left(edge, "e") + " = reached.k)");
    sql.add(" SELECT DISTINCT e.a::pg_catalog.text, e.b::pg_catalog.text FROM (");
    return pairs(sql, edge).add(") AS e JOIN reached ON " + left(edge, "e") + " = reached.k");
  }

  private Sql pairs(Sql sql, Edge edge) throws SQLException {
    return rows.select(
        sql,
        edge.relation(),
        edge.left().column() + " AS a, " + edge.right().column() + " AS b",
        more -> more.add(edge.left().notNull() + " AND " + edge.right().notNull()));
  }

  /** As it is stored where it is a number or a uuid, so that an index serves. */
  private static String left(Edge edge, String of) {
    return edge.left().type() == KeyType.TEXT
        ? of + ".a::pg_catalog.text" + exact(KeyType.TEXT)
        : of + ".a";
  }

  private static String right(Edge edge, String of) {
    KeyType type = edge.left().type();
    return of + ".b::pg_catalog." + type.element() + exact(type);
  }

  /**
   * A recursive query needs texts of one collation; which one does not matter where all are exact.
   */
  static String exact(KeyType type) {
    return type == KeyType.TEXT ? " COLLATE pg_catalog.\"C\"" : "";
  }

  /**
   * The shortest chain from each key that can be reached to one of those that it starts from: the
   * next one on it; null for these themselves.
   *
   * @param steps what is reached from where in one step
   */
  static Map<String, String> shortest(Collection<String> starts, Map<String, Set<String>> steps) {
    Map<String, String> next = new LinkedHashMap<>();
    starts.forEach(start -> next.put(start, null));
    Deque<String> open = new ArrayDeque<>(next.keySet());
    while (!open.isEmpty()) {
      String at = open.remove();
      for (String reached : steps.getOrDefault(at, Set.of())) {
        if (!next.containsKey(reached)) {
          next.put(reached, at);
          open.add(reached);
        }
      }
    }
    return next;
  }

  /** The keys behind this one on its chain, in their order. */
  static List<String> behind(String key, Map<String, String> next) {
    List<String> chain = new ArrayList<>();
    for (String at = next.get(key); at != null; at = next.get(at)) {
      chain.add(at);
    }
    return chain;
  }
}
