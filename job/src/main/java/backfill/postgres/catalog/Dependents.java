package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What depends on objects of a database that are to go, as the server's own catalog of dependencies
 * has it.
 *
 * @see <a href="https://www.postgresql.org/docs/current/catalog-pg-depend.html">pg_depend</a>
 */
public final class Dependents {
  /**
   * A column, and the same in those that have it by inheritance alone: these lose it, too.
   *
   * @see #of(Inquiry, String, NamedObject)
   */
  private static final String COLUMN =
      CatalogSql.treeWithDepth("pg_catalog.to_regclass(?)::pg_catalog.oid")
          + """
      SELECT a.attrelid::pg_catalog.int8, a.attnum::pg_catalog.int8
      FROM tree JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid
      WHERE a.attname = ? AND NOT a.attisdropped AND a.attnum > 0
        AND (depth = 0 OR a.attinhcount = 1 AND NOT a.attislocal)""";

  private static final String RELATION =
      """
      SELECT c.oid::pg_catalog.int8, 0::pg_catalog.int8 FROM pg_catalog.pg_class c
      WHERE c.oid = pg_catalog.to_regclass(?)""";

  /**
   * What goes along by itself, then what depends on any of it and does not: of a rule the view
   * behind it.
   */
  private static final String BLOCKING =
      """
      WITH RECURSIVE going(classid, objid, sub) AS (
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, v.objid::pg_catalog.oid, v.sub
        FROM (VALUES %s) AS v(objid, sub)
        UNION
        SELECT d.classid, d.objid, d.objsubid
        FROM going g JOIN pg_catalog.pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
          AND (g.sub = 0 OR d.refobjsubid = g.sub)
        WHERE d.deptype IN ('a', 'i', 'P', 'S')),
      blocking AS (
        SELECT DISTINCT coalesce(o.refclassid, d.classid) AS classid, coalesce(o.refobjid, d.objid) AS objid,
               CASE WHEN o.refobjid IS NULL THEN d.objsubid ELSE 0 END AS sub
        FROM going g JOIN pg_catalog.pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
          AND (g.sub = 0 OR d.refobjsubid = g.sub)
        LEFT JOIN pg_catalog.pg_depend o ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
          AND o.classid = d.classid AND o.objid = d.objid AND o.deptype = 'i'
        WHERE d.deptype = 'n' AND NOT EXISTS (
          SELECT FROM going x WHERE x.classid = d.classid AND x.objid = d.objid AND x.sub IN (0, d.objsubid)))
      SELECT pg_catalog.pg_describe_object(classid, objid, sub) AS what,
             coalesce(i.name, pg_catalog.split_part(i.identity, ' on ', 1)) AS name
      FROM blocking CROSS JOIN LATERAL pg_catalog.pg_identify_object(classid, objid, sub) AS i
      ORDER BY 1""";

  /** Columns that the server takes along without being told to. */
  private static final String COLUMNS_ALONG =
      """
      SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
      FROM (VALUES %s) AS v(objid, sub) JOIN pg_catalog.pg_depend d
        ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = v.objid::pg_catalog.oid
          AND d.refobjsubid = v.sub
      WHERE v.sub > 0 AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0
        AND d.deptype IN ('a', 'i')
      ORDER BY 1""";

  private static final String REQUIRING =
      """
      SELECT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
      FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = pg_catalog.to_regclass(?)::pg_catalog.oid
        AND d.objsubid = 0 AND d.deptype IN ('i', 'P', 'S', 'e')
      ORDER BY d.deptype DESC LIMIT 1""";

  private final Inquiry inquiry;

  public Dependents(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /**
   * One object that goes.
   *
   * @param column its number; 0 for the relation itself
   */
  public record Going(long relation, long column) {
    private String row() {
      return "(" + relation + ", " + column + ")";
    }
  }

  /**
   * What stands in the way.
   *
   * @param what in the server's words
   * @param name without a schema, and without what it belongs to
   */
  public record Blocking(String what, String name) {}

  /** What goes with one name; nothing where that is not there. */
  public List<Going> of(NamedObject object) throws SQLException {
    return object.column().isPresent()
        ? inquiry.rows(
            COLUMN,
            row -> new Going(row.getLong(1), row.getLong(2)),
            object.quotedRelation(),
            object.column().get())
        : inquiry.rows(
            RELATION, row -> new Going(row.getLong(1), row.getLong(2)), object.quotedRelation());
  }

  /** What keeps these from going, unless the statement says CASCADE. */
  public List<Blocking> blocking(List<Going> going) throws SQLException {
    return going.isEmpty()
        ? List.of()
        : inquiry.rows(
            BLOCKING.formatted(rows(going)),
            row -> new Blocking(row.getString(1), row.getString(2)));
  }

  /** Columns that go with these without a word. */
  public List<String> columnsAlong(List<Going> going) throws SQLException {
    return going.isEmpty()
        ? List.of()
        : inquiry.rows(COLUMNS_ALONG.formatted(rows(going)), row -> row.getString(1));
  }

  /** What a relation is a part of, and cannot go without. */
  public List<String> requiring(NamedObject relation) throws SQLException {
    return inquiry.rows(REQUIRING, row -> row.getString(1), relation.quotedRelation());
  }

  private static String rows(List<Going> going) {
    return going.stream().map(Going::row).collect(Collectors.joining(", "));
  }
}
