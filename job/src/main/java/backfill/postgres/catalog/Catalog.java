package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Looks tables up in the system catalogs, by oid; {@link NameLookup} finds the oid. */
public final class Catalog {
  private final Inquiry inquiry;

  public Catalog(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /** Everything a run needs to know of one relation; attribute -1 is its {@code ctid}. */
  public Table table(long oid) throws SQLException {
    Table table = tables(List.of(oid)).get(oid);
    if (table == null) {
      throw new SQLException(
          "relation with OID " + oid + " does not exist", SqlState.UNDEFINED_TABLE.code());
    }
    return table;
  }

  /** The same of several, by as many questions as for one. */
  Map<Long, Table> tables(Collection<Long> oids) throws SQLException {
    if (oids.isEmpty()) {
      return Map.of();
    }
    String[] asked = oids.stream().map(String::valueOf).toArray(String[]::new);
    Map<Long, List<Column>> columns = columns(asked);
    Map<Long, List<UniqueIndex>> uniqueIndexes = new IndexCatalog(inquiry).uniqueIndexes(asked);
    Map<Long, Table> tables = new LinkedHashMap<>();
    inquiry
        .rows(
            """
            WITH RECURSIVE tree AS (
              SELECT k.oid AS root, k.oid FROM pg_catalog.unnest(?::pg_catalog.oid[]) AS k(oid)
              UNION
              SELECT tree.root, child.inhrelid
              FROM pg_catalog.pg_inherits child JOIN tree ON child.inhparent = tree.oid)
            SELECT r.oid, n.nspname, r.relname, r.relkind,
                   (SELECT coalesce(pg_catalog.max(pg_catalog.pg_relation_size(tree.oid)), 0)
                    FROM tree WHERE tree.root = r.oid)
                     / pg_catalog.current_setting('block_size')::pg_catalog.int8 AS blocks,
                   coalesce(pg_catalog.has_column_privilege(r.oid, (-1)::pg_catalog.int2, 'SELECT'), false)
                     AS ctid_readable,
                   pg_catalog.has_table_privilege(r.oid, 'SELECT') AS wholly_readable,
                   ARRAY(SELECT ARRAY[pn.nspname::pg_catalog.text, p.relname::pg_catalog.text]
                         FROM tree JOIN pg_catalog.pg_class p ON p.oid = tree.oid
                                   JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
                         WHERE tree.root = r.oid AND p.relkind = 'f' AND p.oid <> r.oid
                         ORDER BY p.relname) AS foreign_parts
            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
            WHERE r.oid IN (SELECT root FROM tree)
            """,
            row -> table(row, columns, uniqueIndexes),
            (Object) asked)
        .forEach(table -> tables.put(table.oid(), table));
    return tables;
  }

  private static Table table(
      ResultSet row, Map<Long, List<Column>> columns, Map<Long, List<UniqueIndex>> uniqueIndexes)
      throws SQLException {
    long oid = row.getLong("oid");
    return new Table(
        oid,
        new TableName(row.getString("nspname"), row.getString("relname")),
        row.getString("relkind").charAt(0),
        columns.getOrDefault(oid, List.of()),
        uniqueIndexes.getOrDefault(oid, List.of()),
        new Table.Reading(
            row.getLong("blocks"),
            row.getBoolean("ctid_readable"),
            row.getBoolean("wholly_readable")),
        names(row.getArray("foreign_parts")));
  }

  private Map<Long, List<Column>> columns(String[] oids) throws SQLException {
    return ofEach(
        inquiry,
        """
        SELECT a.attrelid AS relation, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               (WITH RECURSIVE base AS (
                  SELECT t.oid, t.typbasetype
                  UNION ALL
                  SELECT b.oid, b.typbasetype FROM base JOIN pg_catalog.pg_type b ON b.oid = base.typbasetype)
                SELECT pg_catalog.format_type(base.oid, -1) FROM base WHERE base.typbasetype = 0) AS cast_type,
               (WITH RECURSIVE base AS (
                  SELECT t.oid, t.typbasetype, a.atttypmod AS typmod,
                         CASE WHEN t.typbasetype <> 0 AND a.atttypmod < 0 THEN t.typtypmod ELSE a.atttypmod END AS next
                  UNION ALL
                  SELECT b.oid, b.typbasetype, base.next,
                         CASE WHEN b.typbasetype <> 0 AND base.next < 0 THEN b.typtypmod ELSE base.next END
                  FROM base JOIN pg_catalog.pg_type b ON b.oid = base.typbasetype)
                SELECT pg_catalog.format_type(base.oid, base.typmod) FROM base WHERE base.typbasetype = 0)
                 AS stored_type,
               a.attnotnull OR t.typnotnull AS not_null,
               (WITH RECURSIVE base AS (
                  SELECT t.oid, t.typtype, t.typbasetype, t.typcategory, t.typelem
                  UNION ALL
                  SELECT b.oid, b.typtype, b.typbasetype, b.typcategory, b.typelem
                  FROM base JOIN pg_catalog.pg_type b
                    ON b.oid = CASE base.typtype WHEN 'd' THEN base.typbasetype ELSE base.typelem END
                  WHERE base.typtype = 'd' OR base.typcategory = 'A')
                SELECT base.typtype::pg_catalog.text
                       || (base.typtype IN ('e', 'r', 'm') OR EXISTS (
                             SELECT FROM pg_catalog.pg_opclass o
                             WHERE o.opcdefault AND o.opcmethod IN (
                                     SELECT m.oid FROM pg_catalog.pg_am m WHERE m.amname IN ('btree', 'hash'))
                               AND (o.opcintype = base.oid OR EXISTS (
                                      SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = base.oid
                                        AND k.casttarget = o.opcintype AND k.castmethod = 'b'
                                        AND k.castcontext = 'i'))))::pg_catalog.text
                FROM base WHERE base.typtype <> 'd' AND base.typcategory <> 'A') AS kind,
               coalesce(pg_catalog.pg_get_expr(f.adbin, f.adrelid), t.typdefault) AS default_value,
               a.attgenerated <> '' AS generated, a.attidentity, s.nspname, s.relname,
               l.collname, ln.nspname AS coll_schema, e.nspname AS operators
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
        LEFT JOIN LATERAL (
          SELECT n.nspname, q.relname
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class q ON q.relkind = 'S' AND (
               d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND q.oid = d.objid AND d.deptype = 'i'
            OR d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND q.oid = d.refobjid)
          JOIN pg_catalog.pg_namespace n ON n.oid = q.relnamespace
          WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND (d.refobjid = a.attrelid AND d.refobjsubid = a.attnum OR d.objid = f.oid)
          LIMIT 1) s ON true
        LEFT JOIN LATERAL (
          WITH RECURSIVE base AS (
            SELECT t.oid, t.typbasetype
            UNION ALL
            SELECT b.oid, b.typbasetype FROM base JOIN pg_catalog.pg_type b ON b.oid = base.typbasetype)
          SELECT n.nspname
          FROM base JOIN pg_catalog.pg_opclass o ON o.opcintype = base.oid AND o.opcdefault
          JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
          JOIN pg_catalog.pg_amop p ON p.amopfamily = o.opcfamily AND p.amoplefttype = base.oid
            AND p.amoprighttype = base.oid AND p.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 WHEN 'hash' THEN 1 END
          JOIN pg_catalog.pg_operator r ON r.oid = p.amopopr AND r.oprname = '='
          JOIN pg_catalog.pg_namespace n ON n.oid = r.oprnamespace AND n.nspname <> 'pg_catalog'
          WHERE base.typbasetype = 0
          ORDER BY m.amname LIMIT 1) e ON true
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND NOT l.collisdeterministic
        LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
        WHERE a.attrelid = ANY (?::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """,
        Catalog::column,
        oids);
  }

  /**
   * What a question about several relations gives for each.
   *
   * @param sql gives the relation's oid as {@code relation}, in one place after the other
   */
  static <T> Map<Long, List<T>> ofEach(
      Inquiry inquiry, String sql, Inquiry.RowMapper<T> mapper, String[] oids) throws SQLException {
    Map<Long, List<T>> all = new LinkedHashMap<>();
    inquiry.rows(
        sql,
        row ->
            all.computeIfAbsent(row.getLong("relation"), oid -> new ArrayList<>())
                .add(mapper.of(row)),
        (Object) oids);
    return all;
  }

  private static Column column(ResultSet row) throws SQLException {
    String sequence = row.getString("relname");
    String collation = row.getString("collname");
    return new Column(
        row.getString("attname"),
        new Column.Type(
            row.getString("type"),
            row.getString("cast_type"),
            row.getString("stored_type"),
            row.getString("kind").charAt(0),
            row.getString("kind").endsWith("true"),
            Optional.ofNullable(row.getString("operators")),
            collation == null
                ? Optional.empty()
                : Optional.of(new TableName(row.getString("coll_schema"), collation))),
        row.getBoolean("not_null"),
        new Column.Filling(
            Optional.ofNullable(row.getString("default_value")),
            row.getBoolean("generated"),
            switch (row.getString("attidentity")) {
              case "a" -> Column.Identity.ALWAYS;
              case "d" -> Column.Identity.BY_DEFAULT;
              default -> Column.Identity.NONE;
            },
            sequence == null
                ? Optional.empty()
                : Optional.of(new TableName(row.getString("nspname"), sequence))),
        Column.Form.NATURAL);
  }

  public static List<String> texts(Array array) throws SQLException {
    return List.of((String[]) array.getArray());
  }

  private static List<TableName> names(Array pairs) throws SQLException {
    Object value = pairs.getArray();
    return value instanceof String[][] parts
        ? Arrays.stream(parts).map(part -> new TableName(part[0], part[1])).toList()
        : List.of();
  }
}
