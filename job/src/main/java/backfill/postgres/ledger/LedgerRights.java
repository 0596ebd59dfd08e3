package backfill.postgres.ledger;

import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/** Whether we may keep a ledger: its tables are ours to write, or ours to create. */
public final class LedgerRights {
  private static final String ASK =
      """
      SELECT n.oid IS NOT NULL AS schema, count(c.oid) = 3 AS tables,
             pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) AS may_create_tables,
             coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT')
                 AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                 AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')), false) AS may_write,
             count(c.oid) FILTER (WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attname IN ('keys', 'pace') AND NOT a.attisdropped)) = 2 AS whole,
             coalesce(pg_catalog.bool_and(pg_catalog.pg_has_role(c.relowner, 'USAGE')), false) AS may_alter,
             current_user AS me, pg_catalog.current_database() AS database
      FROM (SELECT ?::pg_catalog.text AS name) s
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      LEFT JOIN pg_catalog.pg_class c
             ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname IN ('run', 'batch', 'lease')
      GROUP BY n.oid""";

  private LedgerRights() {}

  private record Answer(boolean enough, List<String> grants, String role) {}

  /**
   * Adds the rights to the findings, and what is missing of them as the GRANT that gives it.
   *
   * @return whether nothing is missing
   */
  public static boolean check(Inquiry inquiry, String schema, Findings findings)
      throws SQLException {
    String in = TableName.quote(schema);
    Answer answer =
        inquiry.one(
            ASK,
            row -> {
              String me = TableName.quote(row.getString("me"));
              if (row.getBoolean("tables") && !row.getBoolean("whole")) {
                // A table of an earlier version gets its new columns from its owner only.
                return new Answer(
                    row.getBoolean("may_write") && row.getBoolean("may_alter"),
                    LedgerTables.newColumns(schema),
                    "");
              }
              if (row.getBoolean("tables")) {
                return new Answer(
                    row.getBoolean("may_write"),
                    List.of(
                        "GRANT USAGE ON SCHEMA " + in,
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + in),
                    me);
              }
              if (row.getBoolean("schema")) {
                return new Answer(
                    row.getBoolean("may_create_tables"),
                    List.of("GRANT CREATE, USAGE ON SCHEMA " + in),
                    me);
              }
              return new Answer(
                  row.getBoolean("may_create_schema"),
                  List.of("GRANT CREATE ON DATABASE " + TableName.quote(row.getString("database"))),
                  me);
            },
            schema);
    findings.leastRole().ledger(answer.grants());
    if (!answer.enough()) {
      findings.lackToWrite(
          "ledger",
          (answer.role().isEmpty()
                  ? "its tables are those of an earlier version, and not ours to alter, in schema "
                  : "no right to keep it in schema ")
              + schema
              + "; "
              + answer.grants().stream()
                  .map(grant -> grant.startsWith("GRANT") ? grant + " TO " + answer.role() : grant)
                  .collect(Collectors.joining("; "))
              + ", or set ledger = off");
    }
    return answer.enough();
  }
}
