package backfill.postgres.explain;

import backfill.postgres.catalog.Column;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks at rows of relations, and names them by their keys. */
final class RowLook {
  private final SnapshotLook look;
  private final int limit;

  /**
   * @param limit how many rows of one kind are named, at most
   */
  RowLook(SnapshotLook look, int limit) {
    this.look = look;
    this.limit = limit;
  }

  /** Adds which rows are meant, behind AND. */
  @FunctionalInterface
  interface Match {
    Sql addTo(Sql sql);
  }

  /** A statement over the rows that are meant and that a run would read. */
  Sql select(Relation relation, String selected, Match match) throws SQLException {
    return select(new Sql(), relation, selected, match);
  }

  /** The same as a part of a statement. */
  Sql select(Sql sql, Relation relation, String selected, Match match) throws SQLException {
    if (relation.keyedBy().isEmpty()) {
      return match.addTo(relation.select(sql, selected));
    }
    Relation.KeyedBy keyed = relation.keyedBy().get();
    List<String> present = present(keyed, values(relation, keyed.column(), match));
    return match
        .addTo(relation.select(sql, selected))
        .add(" AND " + Relation.quoted(keyed.column()))
        .addAnyOf(present, Relation.type(keyed.column()));
  }

  /** By which keys the rows that are meant would be fetched. */
  private List<String> values(Relation relation, Column column, Match match) throws SQLException {
    Sql sql = relation.select("DISTINCT " + Relation.value(column) + "::pg_catalog.text");
    return texts(
        relation, match.addTo(sql).add(" AND " + Relation.quoted(column) + " IS NOT NULL"));
  }

  /** Those of some keys that the relations have from which a run takes them. */
  private List<String> present(Relation.KeyedBy keyed, List<String> values) throws SQLException {
    Set<String> present = new LinkedHashSet<>();
    for (Relation.KeysFrom keys : keyed.keys()) {
      present.addAll(
          texts(
              keys.from(),
              select(
                  keys.from(),
                  "DISTINCT " + Relation.value(keys.column()) + "::pg_catalog.text",
                  sql ->
                      sql.add(Relation.quoted(keys.column()))
                          .addAnyOf(values, Relation.type(keys.column())))));
    }
    return List.copyOf(present);
  }

  /** The different values of one end, as texts. */
  List<String> keys(Relation relation, Stored end, Match match) throws SQLException {
    return texts(
        relation,
        select(
            relation,
            "DISTINCT " + end.value() + "::pg_catalog.text",
            sql -> match.addTo(sql).add(" AND " + end.notNull())));
  }

  /** The different pairs of an edge that have one of some keys on the left, as texts. */
  List<String[]> pairs(Edge edge, Collection<String> from) throws SQLException {
    Sql sql =
        select(
            edge.relation(),
            "DISTINCT "
                + edge.left().value()
                + "::pg_catalog.text, "
                + edge.right().value()
                + "::pg_catalog.text",
            more -> edge.left().isAnyOf(more, from).add(" AND " + edge.right().notNull()));
    return query(edge.relation(), sql, RowLook::pair);
  }

  static String[] pair(ResultSet row) throws SQLException {
    return new String[] {row.getString(1), row.getString(2)};
  }

  private List<String> texts(Relation relation, Sql sql) throws SQLException {
    return query(relation, sql, row -> row.getString(1));
  }

  /** The rows of a statement, from where the relation's are read. */
  <T> List<T> query(Relation relation, Sql sql, Inquiry.RowMapper<T> row) throws SQLException {
    return relation.database() == null
        ? look.write(sql, row)
        : look.read(relation.database(), sql, row);
  }

  /** How many there are. */
  long count(Relation relation, String counted, Match match) throws SQLException {
    return query(
            relation,
            select(relation, "pg_catalog.count(" + counted + ")", match),
            row -> row.getLong(1))
        .get(0);
  }

  /**
   * The rows that are meant.
   *
   * @param ends the columns that name a row where the table has no primary key
   */
  StepExplanation.Found found(Relation relation, List<String> ends, Match match)
      throws SQLException {
    List<String> key = relation.rowKey().isEmpty() ? ends : relation.rowKey();
    String selected = selected(key) + ", pg_catalog.count(*) OVER () AS n";
    List<Map<String, String>> keys = new ArrayList<>();
    long[] rows = {0};
    query(
        relation,
        select(relation, selected, match).add(" ORDER BY " + quoted(key) + " LIMIT " + limit),
        row -> {
          rows[0] = row.getLong("n");
          return keys.add(key(key, row));
        });
    return new StepExplanation.Found(
        relation.name(), relation.table().name().toString(), rows[0], keys);
  }

  /**
   * The same for each group, in the order of groups.
   *
   * @param group the end at which a group stands
   */
  Map<String, StepExplanation.Found> foundByGroup(
      Relation relation, Stored group, List<String> ends, Match match) throws SQLException {
    List<String> key = relation.rowKey().isEmpty() ? ends : relation.rowKey();
    String of = "(PARTITION BY " + group.value();
    Sql sql =
        select(
            new Sql().add("SELECT r.* FROM ("),
            relation,
            "%s AS g, %s, pg_catalog.count(*) OVER %s) AS n, pg_catalog.row_number() OVER %s ORDER BY %s) AS place"
                .formatted(group.value(), selected(key), of, of, quoted(key)),
            match);
    sql.add(") AS r WHERE r.place <= " + limit + " ORDER BY r.g, r.place");
    Map<String, StepExplanation.Found> found = new LinkedHashMap<>();
    query(
        relation,
        sql,
        row -> {
          StepExplanation.Found before = found.get(row.getString("g"));
          List<Map<String, String>> keys =
              new ArrayList<>(before == null ? List.of() : before.keys());
          keys.add(key(key, row));
          return found.put(
              row.getString("g"),
              new StepExplanation.Found(
                  relation.name(), relation.table().name().toString(), row.getLong("n"), keys));
        });
    return found;
  }

  private static String selected(List<String> key) {
    List<String> columns = new ArrayList<>();
    for (int i = 0; i < key.size(); i++) {
      columns.add(TableName.quote(key.get(i)) + "::pg_catalog.text AS k" + i);
    }
    return String.join(", ", columns);
  }

  private static String quoted(List<String> key) {
    return String.join(", ", key.stream().map(TableName::quote).toList());
  }

  private static Map<String, String> key(List<String> columns, ResultSet row) throws SQLException {
    Map<String, String> key = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      key.put(columns.get(i), row.getString("k" + i));
    }
    return key;
  }
}
