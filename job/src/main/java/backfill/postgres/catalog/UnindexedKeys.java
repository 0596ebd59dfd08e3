package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The foreign keys that the server asks for each row that goes, whatever they do then, and whose
 * columns no index begins with: each such row costs a look through the whole referring table.
 */
public final class UnindexedKeys {
  /**
   * A partial index serves where its condition says no more than that the only column is not NULL:
   * the server asks for a value.
   */
  private static final String KEYS =
      """
      SELECT c.conname, n.nspname, r.relname, r.relkind,
             pg_catalog.pg_size_pretty(("""
          + CatalogSql.tree("r.oid")
          + """
               SELECT pg_catalog.sum(pg_catalog.pg_relation_size(tree.oid))::pg_catalog.int8 FROM tree)) AS size,"""
          + CatalogSql.columns("c.conkey", "c.conrelid")
          + """
             AS columns
      FROM pg_catalog.pg_constraint c
      JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
      WHERE c.contype = 'f' AND c.conparentid = 0
        AND c.confrelid::pg_catalog.int8 IN (%s)
        AND coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::pg_catalog.bool, true)
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index x
          JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_am m ON m.oid = i.relam
          WHERE x.indrelid = c.conrelid AND x.indisvalid AND x.indislive AND m.amname IN ('btree', 'hash')
            AND x.indkey[0] = ANY (c.conkey)
            AND (x.indpred IS NULL OR pg_catalog.pg_get_expr(x.indpred, x.indrelid) = (
                  SELECT '(' || pg_catalog.quote_ident(a.attname) || ' IS NOT NULL)'
                  FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = c.conrelid AND ARRAY[a.attnum] = c.conkey)))
      ORDER BY n.nspname, r.relname, c.conname""";

  private UnindexedKeys() {}

  /** One foreign key. */
  private record Key(
      String name, TableName table, boolean partitioned, String size, List<String> columns) {

    String sentence(Table origin) {
      return "foreign key %s of %s has no index: each row that goes from %s costs a look through all of it (%s); CREATE INDEX %sON %s (%s)"
          .formatted(
              name,
              table,
              origin.name(),
              size,
              partitioned ? "" : "CONCURRENTLY ",
              table.quoted(),
              columns.stream().map(TableName::quote).collect(Collectors.joining(", ")));
    }
  }

  /**
   * Warns of each.
   *
   * @param cascades of the table whose rows go
   * @param indexed whether an earlier step gives a table an index
   */
  public static void warn(
      Inquiry inquiry,
      String place,
      Cascades cascades,
      Predicate<TableName> indexed,
      Findings findings)
      throws SQLException {
    String losing =
        Stream.concat(
                Stream.of(cascades.origin().oid()),
                cascades.parts().values().stream().flatMap(List::stream))
            .distinct()
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
    inquiry
        .rows(
            KEYS.formatted(losing),
            row ->
                new Key(
                    row.getString(1),
                    new TableName(row.getString(2), row.getString(3)),
                    "p".equals(row.getString(4)),
                    row.getString(5),
                    List.of((String[]) row.getArray(6).getArray())))
        .stream()
        .filter(key -> !indexed.test(key.table()))
        .forEach(key -> findings.warn(place, key.sentence(cascades.origin())));
  }
}
