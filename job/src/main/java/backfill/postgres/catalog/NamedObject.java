package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a name in a {@code ddl} step means: a relation, or a column of a table. The relation's own
 * name is looked up under the {@code search_path} where it has no schema.
 *
 * @param relation its name, with its schema before it where the plan gives one
 * @param column empty for the relation itself
 */
public record NamedObject(List<String> relation, Optional<String> column) {

  /** Whether it is there, and of use. */
  public enum State {
    ABSENT,
    /** An index that a CREATE INDEX CONCURRENTLY left behind, or is still building. */
    INVALID,
    PRESENT
  }

  /**
   * Resolves a name. Two parts are a table and its column where the search path has such a table,
   * else a schema and its relation.
   *
   * @param made names of tables that earlier steps make
   */
  public static Optional<NamedObject> of(
      Inquiry inquiry, String place, String written, Set<String> made, Findings findings)
      throws SQLException {
    List<String> parts = new NameLookup(inquiry).parts(written);
    switch (parts.size()) {
      case 1:
        return Optional.of(new NamedObject(parts, Optional.empty()));
      case 2:
        if (made.contains(parts.get(0)) || exists(inquiry, parts.subList(0, 1))) {
          return Optional.of(new NamedObject(parts.subList(0, 1), Optional.of(parts.get(1))));
        }
        if (schemaExists(inquiry, parts.get(0))) {
          return Optional.of(new NamedObject(parts, Optional.empty()));
        }
        findings.refuse(
            place,
            "`"
                + written
                + "` begins with neither a table of the search path nor a schema; write table.column, schema.relation"
                + " or schema.table.column");
        return Optional.empty();
      case 3:
        return Optional.of(new NamedObject(parts.subList(0, 2), Optional.of(parts.get(2))));
      default:
        findings.refuse(
            place,
            "`"
                + written
                + "` is not a name; write relation, table.column or schema.table.column, quoted as in SQL");
        return Optional.empty();
    }
  }

  private static boolean exists(Inquiry inquiry, List<String> relation) throws SQLException {
    return inquiry.one(
        "SELECT pg_catalog.to_regclass(?) IS NOT NULL", row -> row.getBoolean(1), sql(relation));
  }

  private static boolean schemaExists(Inquiry inquiry, String schema) throws SQLException {
    return inquiry.one(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ?)",
        row -> row.getBoolean(1),
        schema);
  }

  private static String sql(List<String> names) {
    return names.stream().map(TableName::quote).collect(Collectors.joining("."));
  }

  /** The relation, as a statement names it. */
  public String quotedRelation() {
    return sql(relation);
  }

  public State state(Inquiry inquiry) throws SQLException {
    if (column.isPresent()) {
      boolean there =
          inquiry.one(
              """
              SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(?)
                AND attname = ? AND attnum > 0 AND NOT attisdropped)""",
              row -> row.getBoolean(1),
              quotedRelation(),
              column.get());
      return there ? State.PRESENT : State.ABSENT;
    }
    return inquiry
        .rows(
            """
            SELECT coalesce(i.indisvalid AND i.indisready AND i.indislive, true)
            FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
            WHERE c.oid = pg_catalog.to_regclass(?)""",
            row -> row.getBoolean(1) ? State.PRESENT : State.INVALID,
            quotedRelation())
        .stream()
        .findFirst()
        .orElse(State.ABSENT);
  }

  /** The table that it belongs to or is; empty where it is not there. */
  public Optional<Long> table(Inquiry inquiry) throws SQLException {
    return inquiry
        .rows(
            """
            SELECT coalesce(i.indrelid, c.oid)::pg_catalog.int8
            FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
            WHERE c.oid = pg_catalog.to_regclass(?)""",
            row -> row.getLong(1),
            quotedRelation())
        .stream()
        .findFirst();
  }

  /** For people. */
  @Override
  public String toString() {
    return String.join(".", relation) + column.map(name -> "." + name).orElse("");
  }
}
