package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The types of a table's columns with the bounds to which the server rounds or cuts, also where a
 * domain hides them: {@code numeric(5,2)} for a domain over that.
 */
public final class DeclaredTypes {
  private DeclaredTypes() {}

  /** Column to type, in the table's order. */
  public static Map<String, String> of(Inquiry inquiry, Table table) throws SQLException {
    Map<String, String> declared = new LinkedHashMap<>();
    inquiry.rows(
        """
        SELECT a.attname,
               (WITH RECURSIVE base AS (
                  SELECT t.oid, t.typbasetype, t.typtypmod, a.atttypmod AS bounds
                  UNION ALL
                  SELECT b.oid, b.typbasetype, b.typtypmod,
                         CASE WHEN base.bounds >= 0 THEN base.bounds ELSE base.typtypmod END
                  FROM base JOIN pg_catalog.pg_type b ON b.oid = base.typbasetype)
                SELECT pg_catalog.format_type(base.oid, base.bounds) FROM base WHERE base.typbasetype = 0) AS type
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = ?::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """,
        row -> declared.put(row.getString("attname"), row.getString("type")),
        table.oid());
    return declared;
  }
}
