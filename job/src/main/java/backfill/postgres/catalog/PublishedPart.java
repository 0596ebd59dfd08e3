package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * A table, or one partition of it, in one publication: which changes of it go to subscribers, and
 * whether the server finds a changed row again there.
 *
 * @param identity how the server finds a changed row again
 * @param scope which of its columns the publication has
 */
record PublishedPart(
    long oid,
    TableName name,
    String publication,
    boolean updates,
    boolean deletes,
    Identity identity,
    Scope scope) {

  /**
   * A replica identity.
   *
   * @param full whether it is the whole row
   * @param indexed whether it is an index
   * @param columns those of that index
   */
  record Identity(boolean full, boolean indexed, List<String> columns) {}

  /**
   * Which columns a publication has.
   *
   * @param filter those that its WHERE names
   * @param list those that it is confined to; empty where it has all
   * @param unpublished the generated ones that it leaves out, from PostgreSQL 18 on, which wants
   *     none of them in an identity
   * @param virtual whether one of these is computed when it is read, and never can be published
   */
  record Scope(
      List<String> filter,
      Optional<List<String>> list,
      List<String> unpublished,
      boolean virtual) {}

  /** WHERE and column lists came with PostgreSQL 15, and so did whole schemas. */
  private static final int FILTERS = 150000;

  /**
   * Each part of a table with each publication that has it: by itself, by a partitioned table
   * above, by its schema, or because that has all tables. A column of a WHERE stands in its stored
   * form as a number.
   */
  private static final String PARTS =
      CatalogSql.tree("?::pg_catalog.oid")
          + """
      , part AS (
        SELECT r.oid, r.relname, r.relnamespace, r.relreplident,
               (SELECT x.indexrelid FROM pg_catalog.pg_index x
                WHERE x.indrelid = r.oid AND x.indislive AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL
                  AND (r.relreplident = 'd' AND x.indisprimary OR r.relreplident = 'i' AND x.indisreplident)) AS identity
        FROM tree JOIN pg_catalog.pg_class r ON r.oid = tree.oid
        WHERE r.relkind = 'r' AND r.relpersistence = 'p'),
      above AS (
        SELECT part.oid, part.oid AS above, 0 AS place FROM part
        UNION
        SELECT part.oid, a.relid::pg_catalog.oid, a.place
        FROM part CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(part.oid::pg_catalog.regclass)
                             WITH ORDINALITY AS a(relid, place)),
      named AS (
        SELECT p.oid AS publication, above.oid AS part, above.above, above.place
        FROM pg_catalog.pg_publication p CROSS JOIN above JOIN pg_catalog.pg_class r ON r.oid = above.above
        WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_rel m WHERE m.prpubid = p.oid AND m.prrelid = r.oid)
              %s)
      SELECT part.oid::pg_catalog.int8 AS part, n.nspname, part.relname, p.pubname, p.pubupdate, p.pubdelete,
             part.relreplident = 'f' AS is_full, part.identity IS NOT NULL AS identified,
             ARRAY(SELECT a.attname::pg_catalog.text
                   FROM pg_catalog.pg_index x
                   CROSS JOIN LATERAL pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
                   WHERE x.indexrelid = part.identity AND k.place <= x.indnkeyatts ORDER BY k.place) AS identity,
             ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = part.oid AND a.attgenerated <> '' AND NOT a.attisdropped
                     AND (a.attgenerated = 'v' OR pg_catalog.to_jsonb(p) ->> 'pubgencols' <> 's')
                     AND pg_catalog.to_jsonb(p) ->> 'pubgencols' IS NOT NULL ORDER BY a.attnum) AS unpublished,
             EXISTS (SELECT FROM pg_catalog.pg_attribute a
                     WHERE a.attrelid = part.oid AND a.attgenerated = 'v' AND NOT a.attisdropped) AS virtual,
             %s
      FROM part JOIN pg_catalog.pg_namespace n ON n.oid = part.relnamespace CROSS JOIN pg_catalog.pg_publication p
      LEFT JOIN pg_catalog.pg_publication_rel m ON NOT p.puballtables AND m.prpubid = p.oid AND m.prrelid =
        CASE WHEN p.pubviaroot
             THEN (SELECT named.above FROM named WHERE named.publication = p.oid AND named.part = part.oid
                   ORDER BY named.place DESC LIMIT 1)
             ELSE part.oid END
      WHERE (p.pubupdate OR p.pubdelete)
        AND (p.puballtables OR EXISTS (SELECT FROM named WHERE named.publication = p.oid AND named.part = part.oid))
      ORDER BY n.nspname, part.relname, p.pubname""";

  private static final String BY_SCHEMA =
      """
      OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                 WHERE s.pnpubid = p.oid AND s.pnnspid = r.relnamespace)""";

  private static final String FILTER_AND_LIST =
      """
      ARRAY(SELECT DISTINCT a.attname::pg_catalog.text
            FROM pg_catalog.regexp_matches(m.prqual::pg_catalog.text, ':varattno (\\d+)', 'g') AS v
            JOIN pg_catalog.pg_attribute a ON a.attrelid = m.prrelid AND a.attnum = v[1]::pg_catalog.int2
            ORDER BY 1) AS filter,
      CASE WHEN m.prattrs IS NOT NULL THEN
        ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = m.prrelid AND a.attnum = ANY (m.prattrs::pg_catalog.int2[]) ORDER BY a.attnum) END AS list""";

  private static final String NO_FILTER = "'{}'::pg_catalog.text[] AS filter, NULL AS list";

  boolean full() {
    return identity.full();
  }

  List<String> filter() {
    return scope.filter();
  }

  Optional<List<String>> list() {
    return scope.list();
  }

  List<String> unpublished() {
    return scope.unpublished();
  }

  boolean virtual() {
    return scope.virtual();
  }

  /** Every part of a table in every publication that has changes of it. */
  static List<PublishedPart> of(Inquiry inquiry, long table) throws SQLException {
    boolean filters =
        inquiry.one(
                "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4",
                row -> row.getInt(1))
            >= FILTERS;
    String sql = PARTS.formatted(filters ? BY_SCHEMA : "", filters ? FILTER_AND_LIST : NO_FILTER);
    return inquiry.rows(sql, PublishedPart::found, table);
  }

  private static PublishedPart found(ResultSet row) throws SQLException {
    return new PublishedPart(
        row.getLong("part"),
        new TableName(row.getString("nspname"), row.getString("relname")),
        row.getString("pubname"),
        row.getBoolean("pubupdate"),
        row.getBoolean("pubdelete"),
        new Identity(
            row.getBoolean("is_full"),
            row.getBoolean("identified"),
            Catalog.texts(row.getArray("identity"))),
        new Scope(
            Catalog.texts(row.getArray("filter")),
            row.getString("list") == null
                ? Optional.empty()
                : Optional.of(Catalog.texts(row.getArray("list"))),
            Catalog.texts(row.getArray("unpublished")),
            row.getBoolean("virtual")));
  }

  /** Whether subscribers are told of what this event changes. */
  boolean publishes(RowEvent event) {
    return event == RowEvent.UPDATE ? updates : event == RowEvent.DELETE && deletes;
  }

  /** Why the server takes no such change of it; empty if it does. */
  Optional<String> defect() {
    List<String> unidentified =
        filter().stream().filter(c -> !identity.columns().contains(c)).toList();
    if (!full() && !identity.indexed()) {
      return Optional.of("%s, which has no replica identity".formatted(name));
    }
    if (!full() && !unidentified.isEmpty()) {
      return Optional.of(
          "rows of %s by %s, which is not in its replica identity"
              .formatted(name, String.join(", ", unidentified)));
    }
    if (list().isPresent() && (full() || !list().get().containsAll(identity.columns()))) {
      return Optional.of(
          "only (%s) of %s, whose replica identity has %s"
              .formatted(
                  String.join(", ", list().get()),
                  name,
                  full() ? "all columns" : "(" + String.join(", ", identity.columns()) + ")"));
    }
    List<String> left =
        unpublished().stream().filter(c -> full() || identity.columns().contains(c)).toList();
    return left.isEmpty() || list().isPresent()
        ? Optional.empty()
        : Optional.of(
            "%s without generated column %s, which is in its replica identity"
                .formatted(name, String.join(", ", left)));
  }
}
