package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The tables that lose rows when one loses some, along foreign keys with ON DELETE CASCADE, at any
 * depth.
 *
 * @param origin the table that rows are deleted from
 * @param edges each foreign key once
 * @param parts table to the oids of itself, its partitions and inheritors
 */
public record Cascades(Table origin, List<Edge> edges, Map<Long, List<Long>> parts) {

  /** One foreign key. */
  public record Edge(
      long parent,
      long child,
      TableName childName,
      List<String> columns,
      List<String> parentColumns) {}

  /** {@code conenforced} came with PostgreSQL 18: as a key of the row's JSON it may be absent. */
  private static final String KEYS =
      """
      SELECT c.confrelid::pg_catalog.int8, c.conrelid::pg_catalog.int8, n.nspname, r.relname,"""
          + CatalogSql.columns("c.conkey", "c.conrelid")
          + """
             AS columns,"""
          + CatalogSql.columns("c.confkey", "c.confrelid")
          + """
             AS parent_columns
      FROM pg_catalog.pg_constraint c
      JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
      WHERE c.contype = 'f' AND c.confdeltype = 'c' AND c.conparentid = 0
        AND coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::pg_catalog.bool, true)
        AND c.confrelid IN ("""
          + CatalogSql.tree("?::pg_catalog.oid")
          + """
          SELECT tree.oid FROM tree)
      ORDER BY n.nspname, r.relname, c.conname""";

  private static final String PARTS =
      CatalogSql.tree("?::pg_catalog.oid")
          + """
      SELECT tree.oid::pg_catalog.int8 FROM tree""";

  /** Of a table that loses no row. */
  public static Cascades none(Table origin) {
    return new Cascades(origin, List.of(), Map.of());
  }

  /** Whether the server counts the rows that a transaction deletes. */
  public static boolean countsRows(Inquiry inquiry) throws SQLException {
    return inquiry.one(
        "SELECT pg_catalog.current_setting('track_counts')::pg_catalog.bool",
        row -> row.getBoolean(1));
  }

  public static Cascades of(Inquiry inquiry, Table origin) throws SQLException {
    List<Edge> edges = new ArrayList<>();
    Map<Long, List<Long>> parts = new LinkedHashMap<>();
    List<Long> open = new ArrayList<>(List.of(origin.oid()));
    Set<Long> seen = new LinkedHashSet<>(open);
    while (!open.isEmpty()) {
      long parent = open.remove(0);
      parts.put(parent, inquiry.rows(PARTS, row -> row.getLong(1), parent));
      List<Edge> found =
          inquiry.rows(
              KEYS,
              row ->
                  new Edge(
                      parent,
                      row.getLong(2),
                      new TableName(row.getString(3), row.getString(4)),
                      texts(row.getArray(5).getArray()),
                      texts(row.getArray(6).getArray())),
              parent);
      edges.addAll(found);
      found.stream().map(Edge::child).filter(seen::add).forEach(open::add);
    }
    return new Cascades(origin, edges, parts);
  }

  private static List<String> texts(Object array) {
    return Arrays.asList((String[]) array);
  }

  /** Every table that may lose rows, the first one apart unless it refers to itself. */
  public Map<Long, TableName> children() {
    Map<Long, TableName> children = new LinkedHashMap<>();
    edges.forEach(edge -> children.put(edge.child(), edge.childName()));
    return children;
  }

  /** Whether a row's deletion may come back to its own table, so that no one query counts it. */
  public boolean turnsBack() {
    return order().size() < children().size() || children().containsKey(origin.oid());
  }

  /** The children, each behind all that may take its rows along. */
  public List<Long> order() {
    Set<Long> placed = new LinkedHashSet<>(List.of(origin.oid()));
    List<Long> left = new ArrayList<>(children().keySet());
    left.remove(origin.oid());
    boolean moved = true;
    while (moved) {
      moved =
          left.removeIf(
              child -> parentsOf(child).stream().allMatch(placed::contains) && placed.add(child));
    }
    placed.remove(origin.oid());
    return List.copyOf(placed);
  }

  private Set<Long> parentsOf(long child) {
    return edgesTo(child).stream().map(Edge::parent).collect(Collectors.toSet());
  }

  /** Each child's own foreign keys to the others. */
  public List<Edge> edgesTo(long child) {
    return edges.stream().filter(edge -> edge.child() == child).toList();
  }

  /** What a writer is told, so that it can count what goes along with the rows of a batch. */
  public List<CascadedTable> losing() {
    return children().entrySet().stream()
        .map(
            child ->
                new CascadedTable(
                    child.getValue().toString(),
                    parts.get(child.getKey()),
                    child.getKey() == origin.oid()))
        .toList();
  }

  /**
   * The rows that this transaction has deleted so far in each table, as the server counts them: by
   * its statements, and by the foreign keys' own.
   *
   * @see <a href="https://www.postgresql.org/docs/current/monitoring-stats.html">The cumulative
   *     statistics system, pg_stat_xact_all_tables</a>
   */
  public Map<String, Long> deletedSoFar(Connection connection) throws SQLException {
    Map<String, Long> deleted = new LinkedHashMap<>();
    if (edges.isEmpty()) {
      return deleted;
    }
    List<String> sums = new ArrayList<>();
    for (long child : children().keySet()) {
      sums.add(
          parts.get(child).stream()
              .map(part -> "pg_catalog.pg_stat_get_xact_tuples_deleted(" + part + ")")
              .collect(Collectors.joining(" + ")));
    }
    List<TableName> names = List.copyOf(children().values());
    Inquiry.rows(
        connection,
        "SELECT " + String.join(", ", sums),
        row -> {
          for (int i = 0; i < names.size(); i++) {
            deleted.put(names.get(i).toString(), row.getLong(i + 1));
          }
          return row;
        });
    return deleted;
  }
}
