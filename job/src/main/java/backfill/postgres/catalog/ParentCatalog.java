package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks up the foreign keys of a table and its parents: which keys the server enforces for us, and
 * which of them one statement can ask about, because we may read what they refer to.
 */
public final class ParentCatalog {
  private final Inquiry inquiry;

  public ParentCatalog(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /** Those that one statement can ask about. */
  public List<ParentTable> of(Table table) throws SQLException {
    return readable(all(table));
  }

  /** Those that we may read, each with its table. */
  public List<ParentTable> readable(List<Found> all) throws SQLException {
    List<Found> readable = all.stream().filter(Found::readable).toList();
    Map<Long, Table> tables =
        new Catalog(inquiry).tables(readable.stream().map(Found::parent).distinct().toList());
    return readable.stream()
        .filter(one -> tables.containsKey(one.parent()))
        .map(one -> new ParentTable(one.key(), tables.get(one.parent())))
        .toList();
  }

  /**
   * All of them, whether we may read them or not, by the name of the constraint. A partitioned
   * parent has one more row in the catalog for each of its partitions; these stand below the one
   * that counts. {@code conenforced} and {@code conperiod} came with PostgreSQL 18: as keys of the
   * row's JSON they may be absent.
   */
  public List<Found> all(Table table) throws SQLException {
    return inquiry.rows(
        """
            SELECT c.conname, c.confrelid::pg_catalog.int8 AS parent, n.nspname, p.relname,"""
            + CatalogSql.columns("c.conkey", "c.conrelid")
            + """
                   AS columns,"""
            + CatalogSql.columns("c.confkey", "c.confrelid")
            + """
                   AS parent_columns,
                   pg_catalog.has_schema_privilege(p.relnamespace, 'USAGE')
                     AND (SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(c.confrelid, k, 'SELECT'))
                          FROM pg_catalog.unnest(c.confkey) AS k) AS readable
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
              AND NOT pg_catalog.row_security_active(c.confrelid)
            ORDER BY c.conname
            """,
        ParentCatalog::found,
        table.oid());
  }

  /**
   * The foreign keys of a table. {@code conenforced} came with PostgreSQL 18: as a key of the row's
   * JSON it may be absent.
   */
  public List<ForeignKey> foreignKeys(Table table) throws SQLException {
    return inquiry.rows(
        """
        SELECT c.conname, c.condeferred, n.nspname, r.relname,"""
            + CatalogSql.columns("c.conkey", "c.conrelid")
            + """
               AS columns
        FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class r ON r.oid = c.confrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE c.conrelid = ?::pg_catalog.oid AND c.contype = 'f'
          AND coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::pg_catalog.bool, true)
        ORDER BY c.conname
        """,
        row ->
            new ForeignKey(
                row.getString("conname"),
                Catalog.texts(row.getArray("columns")),
                new TableName(row.getString("nspname"), row.getString("relname")),
                row.getBoolean("condeferred")),
        table.oid());
  }

  /** The foreign keys by which a row of a table keeps another row of it from being deleted. */
  public Set<String> ownKeys(Table table) throws SQLException {
    return Set.copyOf(
        inquiry.rows(
            """
            SELECT c.conname FROM pg_catalog.pg_constraint c
            WHERE c.contype = 'f' AND c.confdeltype IN ('a', 'r')
              AND c.conrelid = ?::pg_catalog.oid AND c.confrelid = c.conrelid
            """,
            row -> row.getString(1),
            table.oid()));
  }

  /**
   * One of them.
   *
   * @param parent the table that it refers to
   */
  public record Found(long parent, ParentKey key, boolean readable) {}

  private static Found found(ResultSet row) throws SQLException {
    return new Found(
        row.getLong("parent"),
        new ParentKey(
            row.getString("conname"),
            Catalog.texts(row.getArray("columns")),
            new TableName(row.getString("nspname"), row.getString("relname")),
            Catalog.texts(row.getArray("parent_columns"))),
        row.getBoolean("readable"));
  }
}
