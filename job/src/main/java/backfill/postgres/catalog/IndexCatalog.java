package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Looks up a table's unique indexes, its primary key among them. */
public final class IndexCatalog {
  private final Inquiry inquiry;

  public IndexCatalog(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /**
   * {@code indnullsnotdistinct} came with PostgreSQL 15: as a key of the row's JSON it may be
   * absent.
   */
  Map<Long, List<UniqueIndex>> uniqueIndexes(String[] oids) throws SQLException {
    return Catalog.ofEach(
        inquiry,
        """
        SELECT x.indrelid AS relation, c.relname, l.collname, l.nspname, x.indisvalid AND x.indisready AND x.indislive AS valid, x.indimmediate,
               x.indexprs IS NOT NULL AS expressions,
               pg_catalog.pg_get_expr(x.indpred, x.indrelid) AS predicate,
               coalesce((pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct')::pg_catalog.bool, false)
                 AS nulls_not_distinct,
               ARRAY(SELECT a.attname::pg_catalog.text
                     FROM pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
                     WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns,
               ARRAY(SELECT a.attname::pg_catalog.text
                     FROM pg_catalog.pg_depend d
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = x.indexrelid
                       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                       AND d.refobjid = x.indrelid AND d.refobjsubid > 0) AS depends_on
        FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
        LEFT JOIN LATERAL (
          SELECT l.collname, n.nspname
          FROM pg_catalog.unnest(x.indcollation::pg_catalog.oid[]) AS k(oid)
          JOIN pg_catalog.pg_collation l ON l.oid = k.oid
          JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
          WHERE NOT l.collisdeterministic LIMIT 1) l ON true
        -- WITHOUT OVERLAPS, since PostgreSQL 18, is both, and no ON CONFLICT finds it.
        WHERE x.indrelid = ANY (?::pg_catalog.oid[]) AND x.indisunique AND NOT x.indisexclusion
        ORDER BY x.indrelid, c.relname
        """,
        row ->
            new UniqueIndex(
                row.getString("relname"),
                new UniqueIndex.Key(
                    Catalog.texts(row.getArray("columns")),
                    row.getBoolean("expressions"),
                    row.getBoolean("nulls_not_distinct"),
                    row.getString("collname") == null
                        ? Optional.empty()
                        : Optional.of(
                            new TableName(row.getString("nspname"), row.getString("collname")))),
                row.getBoolean("valid"),
                row.getBoolean("indimmediate"),
                Optional.ofNullable(row.getString("predicate")),
                Set.copyOf(Catalog.texts(row.getArray("depends_on")))),
        oids);
  }

  /** The columns of the primary key, in its order; empty where there is none. */
  public List<String> primaryKey(Table table) throws SQLException {
    return inquiry.rows(
        """
        SELECT a.attname
        FROM pg_catalog.pg_index x
        CROSS JOIN LATERAL pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE x.indrelid = ?::pg_catalog.oid AND x.indisprimary AND k.place <= x.indnkeyatts
        ORDER BY k.place
        """,
        row -> row.getString(1),
        table.oid());
  }
}
