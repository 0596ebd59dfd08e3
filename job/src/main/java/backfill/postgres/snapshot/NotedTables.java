package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.server.ListedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a snapshot showed of some tables of its database, by which the server can tell whether a
 * later snapshot shows the same: each row is looked at once, and none is brought.
 *
 * <p>A row's version never changes, and its {@code xmin} is the transaction that made it. So the
 * later snapshot shows the same rows if none of them was made by a transaction that the earlier one
 * may not have seen the end of, and there are as many: what it no longer shows would be missing in
 * the number. A condition may depend on more than the row, as on the time; the rows that one
 * chooses must be in the same places, too. A change of a column's definition can show a version
 * otherwise; so the definitions are compared as well.
 *
 * @see <a href="https://www.postgresql.org/docs/current/ddl-system-columns.html">System columns</a>
 */
public final class NotedTables {
  /** In the place of what only a snapshot can say. */
  public static final String ANY_HORIZON = "3";

  private final List<Rows> noted;
  private final String horizon;
  private final Map<String, String> definitions;
  private final Map<String, String> places;

  /**
   * Rows that were read in it.
   *
   * @param name that nothing else noted has
   * @param where the condition that chose them, or null for all of the table
   * @param keyed whether they were chosen by keys, by which {@link NotedKeys} looks at them
   */
  public record Rows(String name, Table table, String where, boolean keyed) {
    public Rows(String name, Table table, String where) {
      this(name, table, where, false);
    }

    /** Whether the table has row versions that we may look at. */
    boolean comparable() {
      return !table.isPending() && table.ctidReadable() && table.whollyReadable();
    }

    /** Whether they can be looked at by their keys. */
    public boolean findable() {
      return keyed && where == null && comparable();
    }

    private String from() {
      // The line's end is for a condition that ends in a comment.
      return table.name().quoted() + (where == null ? "" : " WHERE (" + where + "\n)");
    }
  }

  private NotedTables(
      List<Rows> noted,
      String horizon,
      Map<String, String> definitions,
      Map<String, String> places) {
    this.noted = noted;
    this.horizon = horizon;
    this.definitions = definitions;
    this.places = places;
  }

  /** Notes what the snapshot shows, while it is still there; of some tables nothing can be told. */
  public static NotedTables of(Snapshot snapshot, List<Rows> read) throws SQLException {
    List<Rows> noted = comparable(read);
    return new NotedTables(
        noted,
        transactionId(snapshot.xmin()),
        asked(snapshot, noted, NotedTables::definitions),
        asked(snapshot, chosen(noted), NotedTables::places));
  }

  /**
   * The names of those that another snapshot, taken later, shows the same rows of; of those that
   * were chosen by keys, the ones of whose tables it is known that they are defined as before.
   *
   * @param counts name, of those that are asked for, to number of rows that were read in the
   *     earlier one
   */
  public Set<String> sameIn(Snapshot later, Map<String, Long> counts) throws SQLException {
    List<Rows> rows = noted(counts.keySet());
    Map<String, String> now = asked(later, rows, NotedTables::definitions);
    Map<String, String> looks = asked(later, whole(rows), some -> looks(some, horizon));
    Map<String, String> placesNow = asked(later, chosen(rows), NotedTables::places);
    Set<String> same = new HashSet<>();
    for (Rows each : rows) {
      String name = each.name();
      if (definitions.get(name) != null
          && definitions.get(name).equals(now.get(name))
          && (each.keyed() ? each.findable() : looks.get(name).equals(counts.get(name) + " 0"))
          && Objects.equals(places.get(name), placesNow.get(name))) {
        same.add(name);
      }
    }
    return same;
  }

  private List<Rows> noted(Set<String> names) {
    return noted.stream().filter(rows -> names.contains(rows.name())).toList();
  }

  /** Name to what the server answers. */
  private static Map<String, String> asked(
      Snapshot snapshot, List<Rows> rows, Function<List<Rows>, String> query) throws SQLException {
    Map<String, String> answers = new HashMap<>();
    if (!rows.isEmpty()) {
      List<String> cells = snapshot.cells(query.apply(rows));
      for (int i = 0; i < rows.size(); i++) {
        answers.put(rows.get(i).name(), cells.get(i));
      }
    }
    return answers;
  }

  private static List<Rows> comparable(List<Rows> read) {
    return read.stream().filter(Rows::comparable).toList();
  }

  private static List<Rows> chosen(List<Rows> rows) {
    return whole(rows).stream().filter(each -> each.where() != null).toList();
  }

  /** Those that were not chosen by keys. */
  private static List<Rows> whole(List<Rows> rows) {
    return rows.stream().filter(each -> !each.keyed()).toList();
  }

  /** The oldest transaction whose end the snapshot may not have seen, as {@code xmin} has it. */
  public String horizon() {
    return horizon;
  }

  /** What notes them, but for what it asks of the catalog. */
  public static List<ListedStatement> listing(List<Rows> read) {
    return listed(chosen(comparable(read)), NotedTables::places);
  }

  /** What compares them. */
  public static List<ListedStatement> comparing(List<Rows> read) {
    List<ListedStatement> listed = new ArrayList<>();
    listed.addAll(listed(whole(comparable(read)), rows -> looks(rows, ANY_HORIZON)));
    listed.addAll(listing(read));
    return listed;
  }

  /** What compares those of these names, but for what it asks of the catalog. */
  public List<ListedStatement> comparing(Set<String> names) {
    return comparing(noted(names));
  }

  private static List<ListedStatement> listed(List<Rows> rows, Function<List<Rows>, String> query) {
    return rows.isEmpty()
        ? List.of()
        : List.of(
            new ListedStatement(
                rows.stream()
                    .map(each -> TableLock.ACCESS_SHARE.on(each.table(), "the snapshot is let go"))
                    .distinct()
                    .toList(),
                query.apply(rows)));
  }

  private static String select(List<Rows> rows, String column) {
    return rows.stream()
        .map(each -> "  (SELECT " + column + " FROM " + each.from() + ")")
        .collect(Collectors.joining(",\n", "SELECT\n", ""));
  }

  /** How many rows there are, and how many of a transaction that had perhaps not ended by then. */
  private static String looks(List<Rows> rows, String horizon) {
    return select(rows, "pg_catalog.concat(count(*), ' ', " + isNew(horizon) + ")");
  }

  /** How many rows are of a transaction that had perhaps not ended by then. */
  static String isNew(String horizon) {
    // A version that is frozen, and older than 2³¹ transactions, may seem to be of the future.
    return "count(*) FILTER (WHERE pg_catalog.age(xmin) BETWEEN 0 AND pg_catalog.age('%s'::xid))"
        .formatted(horizon);
  }

  /** Two sums of 64 bits that depend on no order. */
  private static String places(List<Rows> rows) {
    return select(
        rows,
        "pg_catalog.concat(sum(pg_catalog.hashtidextended(ctid, tableoid::bigint)), ' ',"
            + " sum(pg_catalog.hashtidextended(ctid, ~tableoid::bigint)))");
  }

  /**
   * What makes another row of the same version: types, values for older rows, labels of enums, and
   * the tables that rows are in; null where one of these keeps no versions as PostgreSQL's own
   * tables do, and of a table that is gone, whose name another may have.
   */
  private static String definitions(List<Rows> rows) {
    return """
        SELECT (
          WITH RECURSIVE tree(oid) AS (SELECT root.oid
            UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
          SELECT CASE WHEN bool_and(c.relkind = 'p' OR am.amname IS NOT DISTINCT FROM 'heap') THEN
            pg_catalog.md5(string_agg(pg_catalog.concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid,
              a.atttypmod, a.attcollation, a.attmissingval::text,
              CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
              (SELECT string_agg(e.enumlabel, ',' ORDER BY e.oid) FROM pg_catalog.pg_enum e
                WHERE e.enumtypid IN (t.oid, t.typelem))), ' ' ORDER BY a.attrelid, a.attnum)) END
          FROM tree
            JOIN pg_catalog.pg_class c ON c.oid = tree.oid
            LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
            JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum)
        FROM pg_catalog.unnest('{%s}'::pg_catalog.oid[]) WITH ORDINALITY AS root(oid, place)
        ORDER BY root.place"""
        .formatted(
            rows.stream()
                .map(each -> Long.toString(each.table().oid()))
                .collect(Collectors.joining(",")));
  }

  /** An {@code xid8} without its epoch, as {@code xmin} is. */
  private static String transactionId(String xid8) {
    return Long.toString(Long.parseUnsignedLong(xid8) & 0xFFFF_FFFFL);
  }
}
