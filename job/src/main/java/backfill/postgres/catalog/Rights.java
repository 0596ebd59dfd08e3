package backfill.postgres.catalog;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks which rights we lack, and names each as the statement that gives it. */
public final class Rights {
  private final Inquiry inquiry;
  private final String user;
  private final Map<String, Boolean> usableSchemas = new HashMap<>();
  private final Map<Long, Held> held = new HashMap<>();

  /**
   * What we may do with one table, as it was asked ahead.
   *
   * @param columns to the rights on each
   */
  private record Held(
      Set<String> onTable, Map<String, Set<String>> columns, boolean hidesRowsFromUs) {}

  public Rights(Inquiry inquiry, String user) {
    this.inquiry = inquiry;
    this.user = user;
  }

  /** Asks about several tables by two questions; what is needed of them is then known. */
  public void ahead(Collection<Table> tables) throws SQLException {
    String[] oids =
        tables.stream()
            .filter(table -> !table.isPending() && !held.containsKey(table.oid()))
            .map(table -> String.valueOf(table.oid()))
            .distinct()
            .toArray(String[]::new);
    if (oids.length == 0) {
      return;
    }
    Map<Long, Map<String, Set<String>>> columns = new HashMap<>();
    inquiry.rows(
        """
        SELECT a.attrelid AS relation, a.attname,
               ARRAY(SELECT p.name FROM pg_catalog.unnest('{SELECT, INSERT, UPDATE}'::pg_catalog.text[]) AS p(name)
                     WHERE pg_catalog.has_column_privilege(a.attrelid, a.attnum, p.name)) AS held
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY (?::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
        """,
        row ->
            columns
                .computeIfAbsent(row.getLong("relation"), oid -> new HashMap<>())
                .put(row.getString("attname"), Set.copyOf(Catalog.texts(row.getArray("held")))),
        (Object) oids);
    inquiry.rows(
        """
        SELECT c.oid AS relation, n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
               ARRAY(SELECT p.name
                     FROM pg_catalog.unnest('{SELECT, INSERT, UPDATE, DELETE}'::pg_catalog.text[]) AS p(name)
                     WHERE pg_catalog.has_table_privilege(c.oid, p.name)) AS held,
               c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid) AS hides
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY (?::pg_catalog.oid[])
        """,
        row -> {
          usableSchemas.put(row.getString("nspname"), row.getBoolean("usable"));
          return held.put(
              row.getLong("relation"),
              new Held(
                  Set.copyOf(Catalog.texts(row.getArray("held"))),
                  columns.getOrDefault(row.getLong("relation"), Map.of()),
                  row.getBoolean("hides")));
        },
        (Object) oids);
  }

  /** Whether a policy would hide rows from us. */
  public boolean hidesRows(Table table) throws SQLException {
    Held known = held.get(table.oid());
    return known != null
        ? known.hidesRowsFromUs()
        : inquiry.one(
            "SELECT pg_catalog.row_security_active(?::pg_catalog.oid)",
            row -> row.getBoolean(1),
            table.oid());
  }

  /**
   * A right on the table or on the columns themselves will do; the GRANT names the columns that
   * lack it.
   */
  public void need(
      String place, Privilege privilege, Table table, Collection<String> columns, Findings findings)
      throws SQLException {
    needSchema(place, table.name(), findings);
    findings.leastRole().columns(privilege, table.name(), columns);
    List<String> lacking = lacking(privilege, table, columns);
    if (!lacking.isEmpty()) {
      lack(
          place, privilege, table, LeastRole.onColumns(privilege, lacking, table.name()), findings);
    }
  }

  private List<String> lacking(Privilege privilege, Table table, Collection<String> columns)
      throws SQLException {
    Held known = held.get(table.oid());
    return known != null && known.columns().keySet().containsAll(columns)
        ? columns.stream()
            .distinct()
            .filter(column -> !known.columns().get(column).contains(privilege.name()))
            .toList()
        : inquiry.rows(
            """
            SELECT c FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS n(c, place)
            WHERE NOT pg_catalog.has_column_privilege(?::pg_catalog.oid, c, ?) ORDER BY place
            """,
            row -> row.getString(1),
            columns.stream().distinct().toArray(String[]::new),
            table.oid(),
            privilege.name());
  }

  /**
   * To ask whether the parents of rejected rows are still there. Without it the run works, but
   * takes a parent that went meanwhile for a fault of the data.
   */
  public void adviseParent(String place, ParentCatalog.Found parent, Findings findings) {
    ParentKey key = parent.key();
    findings.leastRole().schema(key.parent().schema());
    findings.leastRole().columns(Privilege.SELECT, key.parent(), key.parentColumns());
    if (!parent.readable() && !findings.isReadOnly()) {
      findings.warn(
          place,
          "no right to ask whether a row of %s was deleted meanwhile, so what refers to it (%s) is then rejected and not parent-gone; %s TO %s"
              .formatted(
                  key.parent(),
                  key.constraint(),
                  LeastRole.onColumns(Privilege.SELECT, key.parentColumns(), key.parent()),
                  TableName.quote(user)));
    }
  }

  /** DELETE is a right on a whole table. */
  public void needDelete(String place, Table table, Findings findings) throws SQLException {
    needTable(place, Privilege.DELETE, table, findings);
  }

  /** A right that no column has by itself. */
  public void needTable(String place, Privilege privilege, Table table, Findings findings)
      throws SQLException {
    needSchema(place, table.name(), findings);
    String grant = "GRANT " + privilege + " ON " + table.name().quoted();
    findings.leastRole().right(grant);
    Held known = held.get(table.oid());
    boolean had =
        known != null
            ? known.onTable().contains(privilege.name())
            : inquiry.one(
                "SELECT pg_catalog.has_table_privilege(?::pg_catalog.oid, ?)",
                row -> row.getBoolean(1),
                table.oid(),
                privilege.name());
    if (!had) {
      lack(place, privilege, table, grant, findings);
    }
  }

  private void lack(
      String place, Privilege privilege, Table table, String grant, Findings findings) {
    lack(
        privilege,
        place,
        "no right to %s on %s; %s TO %s"
            .formatted(privilege, table.name(), grant, TableName.quote(user)),
        findings);
  }

  private static void lack(Privilege privilege, String place, String reason, Findings findings) {
    if (privilege == Privilege.SELECT) {
      findings.lack(place, reason);
    } else {
      findings.lackToWrite(place, reason);
    }
  }

  /** Without a right to its {@code ctid} a table is read all the same, but not in ranges. */
  public void adviseRanges(String place, Table table, int readers, Findings findings) {
    if (!table.ctidReadable() && CtidRanges.count(table.blocks(), readers) > 1) {
      findings.warn(
          place,
          table.name()
              + " is read over one connection; GRANT SELECT ON "
              + table.name().quoted()
              + " TO "
              + TableName.quote(user)
              + " to read it over several");
    }
  }

  /** For each column that a default numbers when no one writes it. */
  public void needSequences(
      String place, Table table, Collection<String> written, Findings findings)
      throws SQLException {
    for (Column column : table.columns()) {
      boolean byDefault = column.identity() == Column.Identity.NONE;
      if (byDefault && column.sequence().isPresent() && !written.contains(column.name())) {
        needSequence(place, column.sequence().get(), findings);
      }
    }
  }

  /** For a column's default; an identity asks for no right on its sequence. */
  void needSequence(String place, TableName sequence, Findings findings) throws SQLException {
    needSchema(place, sequence, findings, false);
    findings.leastRole().sequence(sequence);
    boolean usable =
        inquiry.one(
            """
            SELECT pg_catalog.bool_or(pg_catalog.has_sequence_privilege(c.oid, 'USAGE, UPDATE'))
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """,
            row -> row.getBoolean(1),
            sequence.schema(),
            sequence.name());
    if (!usable) {
      findings.lackToWrite(
          place,
          "no right to take values from sequence "
              + sequence
              + "; GRANT USAGE ON SEQUENCE "
              + sequence.quoted()
              + " TO "
              + TableName.quote(user));
    }
  }

  /** For a column that the step fills: its sequence is read, and set forward behind the rows. */
  public void needSequenceSet(String place, TableName sequence, Findings findings)
      throws SQLException {
    needSchema(place, sequence, findings);
    String grant = "GRANT SELECT, UPDATE ON SEQUENCE " + sequence.quoted();
    findings.leastRole().right(grant);
    boolean settable =
        inquiry.one(
            """
            SELECT pg_catalog.bool_and(pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                     AND pg_catalog.has_sequence_privilege(c.oid, 'UPDATE'))
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """,
            row -> row.getBoolean(1),
            sequence.schema(),
            sequence.name());
    if (!settable) {
      findings.lack(
          place,
          "no right to set sequence "
              + sequence
              + " forward, which the step's own values would leave behind; "
              + grant
              + " TO "
              + TableName.quote(user));
    }
  }

  private void needSchema(String place, TableName name, Findings findings) throws SQLException {
    needSchema(place, name, findings, true);
  }

  private void needSchema(String place, TableName name, Findings findings, boolean toRead)
      throws SQLException {
    findings.leastRole().schema(name.schema());
    if (!canUse(name.schema())) {
      lack(
          toRead ? Privilege.SELECT : Privilege.USAGE,
          place,
          "no right to use schema "
              + name.schema()
              + "; GRANT USAGE ON SCHEMA "
              + TableName.quote(name.schema())
              + " TO "
              + TableName.quote(user),
          findings);
    }
  }

  /** Asked once for all of its tables. */
  private boolean canUse(String schema) throws SQLException {
    Boolean known = usableSchemas.get(schema);
    if (known == null) {
      known =
          inquiry.one(
              "SELECT pg_catalog.has_schema_privilege(?, 'USAGE')",
              row -> row.getBoolean(1),
              schema);
      usableSchemas.put(schema, known);
    }
    return known;
  }
}
