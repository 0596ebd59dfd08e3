package backfill.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks up the parents of a table that one statement can ask about: those of the foreign keys that
 * the server enforces for us, where we may read what they refer to.
 */
final class ParentCatalog {
  private final Inquiry inquiry;

  ParentCatalog(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /**
   * By the name of the constraint. A partitioned parent has one more row in the catalog for each of
   * its partitions; these stand below the one that counts. {@code conenforced} and {@code
   * conperiod} came with PostgreSQL 18: as keys of the row's JSON they may be absent.
   */
  List<ParentTable> of(Table table) throws SQLException {
    List<Found> found =
        inquiry.rows(
            """
            SELECT c.conname, c.confrelid::pg_catalog.int8 AS parent, n.nspname, p.relname,
                   ARRAY(SELECT a.attname::pg_catalog.text
                         FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
                         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
                         ORDER BY k.place) AS columns,
                   ARRAY(SELECT a.attname::pg_catalog.text
                         FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k(attnum, place)
                         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum
                         ORDER BY k.place) AS parent_columns
            FROM pg_catalog.pg_constraint c
            JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
            WHERE c.conrelid = ?::pg_catalog.oid AND c.contype = 'f'
              AND coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::pg_catalog.bool, true)
              AND NOT coalesce((pg_catalog.to_jsonb(c) ->> 'conperiod')::pg_catalog.bool, false)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint above
                              WHERE above.oid = c.conparentid AND above.conrelid = c.conrelid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                              WHERE t.tgconstraint = c.oid AND t.tgrelid = c.conrelid
                                AND t.tgenabled NOT IN ('O', 'A'))
              AND pg_catalog.has_schema_privilege(p.relnamespace, 'USAGE')
              AND (SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(c.confrelid, k, 'SELECT'))
                   FROM pg_catalog.unnest(c.confkey) AS k)
              AND NOT pg_catalog.row_security_active(c.confrelid)
            ORDER BY c.conname
            """,
            ParentCatalog::found,
            table.oid());
    Catalog catalog = new Catalog(inquiry);
    List<ParentTable> parents = new ArrayList<>();
    for (Found one : found) {
      parents.add(new ParentTable(one.key(), catalog.table(one.parent())));
    }
    return parents;
  }

  private record Found(long parent, ParentKey key) {}

  private static Found found(ResultSet row) throws SQLException {
    return new Found(
        row.getLong("parent"),
        new ParentKey(
            row.getString("conname"),
            List.of((String[]) row.getArray("columns").getArray()),
            new TableName(row.getString("nspname"), row.getString("relname")),
            List.of((String[]) row.getArray("parent_columns").getArray())));
  }
}
