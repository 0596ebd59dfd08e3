package backfill.postgres.preflight;

import backfill.plan.Source;
import backfill.postgres.catalog.CatalogSql;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Whether a source's rows can be fetched by key: the column is there, its type is one that we send,
 * and an index leads with it. Without the index every statement would read the whole table.
 */
final class KeyCheck {
  private final Inquiry inquiry;
  private final Findings findings;

  KeyCheck(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  void check(Source source, Table table) throws SQLException {
    if (source.keyedBy().isEmpty()) {
      return;
    }
    String place = SourceCheck.place(source);
    String name = source.keyedBy().get().column();
    Optional<Column> column = table.column(name);
    if (column.isEmpty()) {
      findings.refuse(place, SourceCheck.noColumn(table, name, ", which keyed-by names"));
    } else if (KeyType.of(column.get()).isEmpty()) {
      findings.refuse(
          place,
          "keyed-by names %s.%s, which is %s; keys are integers, uuid or text"
              .formatted(table.name(), name, column.get().type()));
    } else {
      for (TableName part : withoutIndex(table, name)) {
        findings.refuse(
            place,
            "no valid index of %s leads with %s, so that each fetch by key would read all of it; CREATE INDEX CONCURRENTLY ON %s (%s), or leave out keyed-by"
                .formatted(part, name, part.quoted(), TableName.quote(name)));
      }
    }
  }

  /**
   * The table itself, or those of its partitions and inheritors, that would be scanned. Attribute
   * numbers differ between partitions; names do not.
   */
  private List<TableName> withoutIndex(Table table, String column) throws SQLException {
    return inquiry.rows(
        CatalogSql.tree("?::pg_catalog.oid")
            + """
        SELECT n.nspname, r.relname
        FROM tree JOIN pg_catalog.pg_class r ON r.oid = tree.oid
                  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE r.relkind = 'r' AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index x
          JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
          JOIN pg_catalog.pg_am m ON m.oid = i.relam AND m.amname IN ('btree', 'hash')
          JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = x.indkey[0]
          WHERE x.indrelid = r.oid AND x.indisvalid AND x.indpred IS NULL AND a.attname = ?
            AND x.indcollation[0] = a.attcollation)
        ORDER BY r.relname
        """,
        row -> new TableName(row.getString(1), row.getString(2)),
        table.oid(),
        column);
  }
}
