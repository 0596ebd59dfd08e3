package backfill.postgres;

import java.sql.SQLException;

/** Whether we may keep a ledger: its tables are ours to write, or ours to create. */
final class LedgerRights {
  private static final String TABLES =
      """
      SELECT n.oid IS NOT NULL AS schema, count(c.oid) = 3 AS tables,
             pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE, USAGE'), false) AS may_create_tables,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false)
               AND coalesce(pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT')
                 AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                 AND (c.relname = 'batch' OR pg_catalog.has_table_privilege(c.oid, 'UPDATE'))), false) AS may_write,
             current_user AS me, pg_catalog.current_database() AS database
      FROM (SELECT ?::pg_catalog.text AS name) s
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      LEFT JOIN pg_catalog.pg_class c
             ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname IN ('run', 'batch', 'lease')
      GROUP BY n.oid""";

  private LedgerRights() {}

  /** Adds what is missing to the findings, as the GRANT that gives it. */
  static void check(Inquiry inquiry, String schema, Findings findings) throws SQLException {
    String lack =
        inquiry.one(
            TABLES,
            row -> {
              String me = TableName.quote(row.getString("me"));
              String in = TableName.quote(schema);
              if (row.getBoolean("tables")) {
                return row.getBoolean("may_write")
                    ? null
                    : "GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA %s TO %s"
                        .formatted(in, me, in, me);
              }
              if (row.getBoolean("schema")) {
                return row.getBoolean("may_create_tables")
                    ? null
                    : "GRANT CREATE, USAGE ON SCHEMA %s TO %s".formatted(in, me);
              }
              return row.getBoolean("may_create_schema")
                  ? null
                  : "GRANT CREATE ON DATABASE %s TO %s"
                      .formatted(TableName.quote(row.getString("database")), me);
            },
            schema);
    if (lack != null) {
      findings.lack(
          "ledger",
          "no right to keep it in schema " + schema + "; " + lack + ", or set ledger = off");
    }
  }
}
