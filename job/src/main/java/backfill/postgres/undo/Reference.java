package backfill.postgres.undo;

import backfill.postgres.catalog.CatalogSql;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A foreign key by which rows of a table refer to the target's. Whatever it would do when a row
 * goes, a row that others refer to stays.
 *
 * @param child the table whose rows refer
 * @param own whether that is the target itself
 */
record Reference(TableName child, List<String> columns, List<String> targetColumns, boolean own) {

  /** The foreign keys that refer to a table, or to a partition of it. */
  static List<Reference> to(Connection connection, long oid) throws SQLException {
    return Inquiry.rows(
        connection,
        (CatalogSql.tree("%1$d::pg_catalog.oid")
                + """
        SELECT n.nspname, r.relname,"""
                + CatalogSql.columns("c.conkey", "c.conrelid")
                + """
               AS columns,"""
                + CatalogSql.columns("c.confkey", "c.confrelid")
                + """
               AS target_columns,
               c.conrelid = %1$d::pg_catalog.oid AS own
        FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confrelid IN (SELECT tree.oid FROM tree)
        ORDER BY n.nspname, r.relname, c.conname""")
            .formatted(oid),
        row ->
            new Reference(
                new TableName(row.getString("nspname"), row.getString("relname")),
                List.of((String[]) row.getArray("columns").getArray()),
                List.of((String[]) row.getArray("target_columns").getArray()),
                row.getBoolean("own")));
  }

  /**
   * Whether a row of it refers to row {@code t} of the target, in SQL.
   *
   * @param but which rows {@code r} do not count, or nothing
   */
  String refers(String but) {
    return "EXISTS (SELECT FROM "
        + child.quoted()
        + " AS r WHERE "
        + IntStream.range(0, columns.size())
            .mapToObj(
                i ->
                    "r."
                        + TableName.quote(columns.get(i))
                        + " = t."
                        + TableName.quote(targetColumns.get(i)))
            .collect(Collectors.joining(" AND "))
        + but
        + ")";
  }
}
