package backfill.postgres.explain;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;

/**
 * A table whose rows are looked at, as the plan sees it.
 *
 * @param name the plan's, or null for a target
 * @param database where it is read; null for a target, which is looked at where it is written
 * @param condition which of its rows count at all, its parameters written in; empty for all
 * @param keyedBy by which keys its rows are fetched; empty where all are read
 * @param rowKey the columns of its primary key; empty where it has none that may be read
 */
record Relation(
    String name,
    String database,
    Table table,
    Optional<String> condition,
    Optional<KeyedBy> keyedBy,
    List<String> rowKey) {

  /**
   * Only rows count whose column has one of the values that other relations have.
   *
   * @param keys where these come from
   */
  record KeyedBy(Column column, List<KeysFrom> keys) {}

  /** The values of one column of a relation. */
  record KeysFrom(Relation from, Column column) {}

  /** Begins a statement that looks at its rows: what stands behind SELECT, and FROM. */
  Sql select(String selected) {
    return select(new Sql(), selected);
  }

  /** The same as a part of a statement. */
  Sql select(Sql sql, String selected) {
    sql.add("SELECT " + selected + " FROM " + table.name().quoted() + " WHERE ");
    condition.ifPresent(rows -> sql.addCondition(rows).add(" AND "));
    return sql;
  }

  List<Column> columns(List<String> names) {
    return names.stream().map(name -> table.column(name).orElseThrow()).toList();
  }

  /** A key's value, as all keys of its type are compared. */
  static String value(Column column) {
    return quoted(column) + "::pg_catalog." + type(column).element();
  }

  static String quoted(Column column) {
    return TableName.quote(column.name());
  }

  static KeyType type(Column column) {
    return KeyType.of(column).orElseThrow();
  }
}
