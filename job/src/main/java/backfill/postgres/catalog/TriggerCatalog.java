package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;

/** Looks up what a statement sets off on a table: its triggers, and the rules that rewrite it. */
public final class TriggerCatalog {
  private final Inquiry inquiry;

  public TriggerCatalog(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /**
   * A trigger that fires for what a step writes.
   *
   * @param securityDefiner whether its function runs with its owner's rights, and not with ours
   * @param names tables and sequences whose names are words of its function's text, and the
   *     sequences that number rows of these tables
   */
  public record Trigger(
      String name, TableName function, boolean securityDefiner, List<String> names) {
    public Trigger {
      names = List.copyOf(names);
    }
  }

  /**
   * BEFORE row triggers on the table and its partitions that fire for {@code INSERT}, {@code
   * UPDATE} or {@code DELETE}. The bits of {@code tgtype} are those of {@code pg_trigger.h}: row 1,
   * before 2, insert 4, delete 8, update 16.
   */
  public List<String> beforeRowTriggers(Table table, RowEvent event) throws SQLException {
    return inquiry.rows(
        CatalogSql.tree("?::pg_catalog.oid")
            + """
        SELECT DISTINCT t.tgname
        FROM pg_catalog.pg_trigger t JOIN tree ON tree.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 3 = 3
          AND t.tgtype & CASE ? WHEN 'INSERT' THEN 4 WHEN 'DELETE' THEN 8 ELSE 16 END <> 0
        ORDER BY t.tgname
        """,
        row -> row.getString(1),
        table.oid(),
        event.name());
  }

  /**
   * Everything that {@code INSERT}, {@code UPDATE} or {@code DELETE} fires on the table and its
   * partitions, but for foreign keys.
   */
  public List<Trigger> triggers(Table table, RowEvent event) throws SQLException {
    return inquiry.rows(
        CatalogSql.tree("?::pg_catalog.oid")
            + """
        SELECT DISTINCT t.tgname, n.nspname, p.proname, p.prosecdef,
               ARRAY(WITH named AS (
                       SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
                       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                         AND cn.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
                         AND c.relname = ANY (pg_catalog.regexp_split_to_array(p.prosrc, '[^[:alnum:]_$]+')
                           || pg_catalog.regexp_split_to_array(pg_catalog.lower(p.prosrc), '[^[:alnum:]_$]+')))
                     SELECT oid::pg_catalog.regclass::pg_catalog.text FROM named
                     UNION
                     SELECT d.refobjid::pg_catalog.regclass::pg_catalog.text
                     FROM named JOIN pg_catalog.pg_attrdef f ON f.adrelid = named.oid
                     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                       AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                     JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
                     ORDER BY 1) AS names
        FROM pg_catalog.pg_trigger t JOIN tree ON tree.oid = t.tgrelid
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
          AND t.tgtype & CASE ? WHEN 'INSERT' THEN 4 WHEN 'DELETE' THEN 8 ELSE 16 END <> 0
        ORDER BY t.tgname
        """,
        row ->
            new Trigger(
                row.getString("tgname"),
                new TableName(row.getString("nspname"), row.getString("proname")),
                row.getBoolean("prosecdef"),
                List.of((String[]) row.getArray("names").getArray())),
        table.oid(),
        event.name());
  }

  /**
   * Rewrite rules for some of INSERT, UPDATE and DELETE. The digits of {@code ev_type}: update 2,
   * insert 3, delete 4.
   */
  public List<String> rules(Table table, RowEvent event) throws SQLException {
    return inquiry.rows(
        """
        SELECT w.rulename FROM pg_catalog.pg_rewrite w
        WHERE w.ev_class = ?::pg_catalog.oid AND w.ev_enabled IN ('O', 'A')
          AND pg_catalog.strpos(?, CASE w.ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT'
            WHEN '4' THEN 'DELETE' ELSE 'none' END) > 0
        ORDER BY w.rulename
        """,
        row -> row.getString(1),
        table.oid(),
        event.name());
  }
}
