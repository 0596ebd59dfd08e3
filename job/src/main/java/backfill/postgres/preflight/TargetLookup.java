package backfill.postgres.preflight;

import backfill.postgres.catalog.Arbiter;
import backfill.postgres.catalog.ArbiterRule;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.CoveringIndexes;
import backfill.postgres.catalog.DeclaredTypes;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.IndexCatalog;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.ReplicaIdentity;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TriggerCatalog;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.Server;
import backfill.postgres.server.TableName;
import backfill.postgres.write.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Resolves one target for a writer that is used alone, with preflight's own rules. Its reasons
 * speak of the connector's options, and of a DataFrame.
 */
public final class TargetLookup {
  private static final String TABLE = "dbtable";
  private static final String KEY = "key";
  private static final String OWNS = "owns";

  private final Inquiry inquiry;
  private final TriggerCatalog triggers;
  private final String user;
  private final Findings findings = new Findings();

  private TargetLookup(Inquiry inquiry) throws SQLException {
    this.inquiry = inquiry;
    this.triggers = new TriggerCatalog(inquiry);
    this.user = inquiry.one("SELECT current_user", row -> row.getString(1));
  }

  /**
   * What was found.
   *
   * @param declared the name of each column to its type as {@link DeclaredTypes} has it
   */
  public record Found(Target target, Map<String, String> declared) {}

  /**
   * What is looked for.
   *
   * @param table its name, with its schema or without
   * @param key empty for the primary key
   * @param owns a condition that all rows hold, by which a partial index is found; or null
   * @param mode what becomes of the rows
   */
  public record Wanted(String table, List<String> key, String owns, WriteMode mode) {
    /** What its statements are to a trigger. */
    public Set<RowEvent> events() {
      return switch (mode) {
        case IGNORE, ERROR -> EnumSet.of(RowEvent.INSERT);
        case UPDATE -> EnumSet.of(RowEvent.UPDATE);
        case UPSERT -> EnumSet.of(RowEvent.INSERT, RowEvent.UPDATE);
      };
    }
  }

  /**
   * The table of this name and the unique index on exactly its key, where rows of these columns can
   * be added.
   *
   * @param columns those of the DataFrame
   * @param lockTimeout how long a locked table is waited for
   * @throws NotReadyException if there is no such table, nothing in it can say which rows are the
   *     same, or its rows cannot be written so: every reason at once
   */
  public static Found find(
      Database database,
      String applicationName,
      Wanted wanted,
      List<String> columns,
      Duration lockTimeout) {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, lockTimeout, Duration.ZERO)) {
      TargetLookup lookup = new TargetLookup(inquiry);
      Server.of(inquiry, database.address())
          .unwritable("option url")
          .ifPresent(reason -> lookup.findings.refuse(database.address(), reason));
      ForeignSettings.checkWritten(inquiry, database.address(), lookup.findings);
      lookup.findings.throwIfRefused();
      return lookup.find(wanted, columns);
    } catch (SQLException e) {
      throw NotReadyException.ofLookup(wanted.table(), database.toString(), e);
    }
  }

  private Found find(Wanted wanted, List<String> columns) throws SQLException {
    Optional<Table> found = new NameLookup(inquiry).find(TABLE, wanted.table(), findings);
    findings.throwIfRefused();
    Table table = found.get();
    List<String> key =
        wanted.key().isEmpty()
            ? new IndexCatalog(inquiry).primaryKey(table)
            : key(table, wanted.key());
    refuseUnfit(table, key, wanted.events());
    findings.throwIfRefused();
    CoveringIndexes covering =
        CoveringIndexes.of(inquiry, table, key, Optional.ofNullable(wanted.owns()));
    Optional<Arbiter> arbiter =
        ArbiterRule.choose(KEY, table, key, ArbiterRule.KeyNulls.ANY, covering, findings);
    LoneColumns.check(table, key, columns, wanted.mode(), findings);
    Optional<OwnedRows> owned =
        owned(
            table,
            wanted.owns() == null
                ? arbiter.flatMap(Arbiter::predicate)
                : Optional.of(wanted.owns()),
            columns,
            wanted.mode());
    Rights rights = new Rights(inquiry, user);
    rights(rights, table, key, columns, wanted.mode());
    List<String> asked = new ArrayList<>(owned.map(OwnedRows::columns).orElse(List.of()));
    arbiter.flatMap(Arbiter::indexed).ifPresent(rows -> asked.addAll(rows.columns()));
    rights.need(TABLE, Privilege.SELECT, table, asked, findings);
    new ReplicaIdentity(inquiry, findings).check(TABLE, Cascades.none(table), wanted.events());
    findings.throwIfRefused();
    return new Found(
        new Target(
            table,
            arbiter.get(),
            fired(table, wanted.events()),
            new ParentCatalog(inquiry).of(table),
            List.of(),
            owned),
        DeclaredTypes.of(inquiry, table));
  }

  private Map<RowEvent, List<String>> fired(Table table, Set<RowEvent> events) throws SQLException {
    Map<RowEvent, List<String>> fired = new EnumMap<>(RowEvent.class);
    for (RowEvent event : events) {
      fired.put(event, triggers.beforeRowTriggers(table, event));
    }
    return fired;
  }

  /** As they are written, or quoted as in SQL. */
  private List<String> key(Table table, List<String> named) throws SQLException {
    NameLookup names = new NameLookup(inquiry);
    List<String> key = new ArrayList<>();
    for (String column : named) {
      List<String> parts =
          column.startsWith("\"") && table.column(column).isEmpty()
              ? names.parts(column)
              : List.of(column);
      key.add(parts.size() == 1 ? parts.get(0) : column);
    }
    return key;
  }

  private void refuseUnfit(Table table, List<String> key, Set<RowEvent> events)
      throws SQLException {
    if (!table.isTable()) {
      findings.refuse(
          TABLE, table.name() + " is " + table.kindInWords() + "; only a table can be filled");
    } else if (key.isEmpty()) {
      findings.refuse(
          KEY, table.name() + " has no primary key; name the columns of a unique index");
    } else if (!table.foreignParts().isEmpty()) {
      findings.refuse(
          TABLE,
          table.foreignParts().get(0)
              + ", a part of "
              + table.name()
              + ", is a foreign table, where no ON CONFLICT works; fill the local parts, one by one");
    }
    if (table.kind() == 'r' && events.contains(RowEvent.UPDATE)) {
      refuseInheritors(table);
    }
    key.stream()
        .filter(column -> table.column(column).isEmpty())
        .forEach(column -> findings.refuse(KEY, SourceCheck.noColumn(table, column)));
    for (RowEvent event : events) {
      for (String rule : triggers.rules(table, event)) {
        findings.refuse(
            TABLE,
            TriggerCheck.rewritten(
                table,
                rule,
                event == RowEvent.INSERT ? "INSERT with ON CONFLICT" : "UPDATE that answers"));
      }
    }
  }

  /** An UPDATE sets their rows, too, and no unique index holds over all of them. */
  private void refuseInheritors(Table table) throws SQLException {
    inquiry
        .rows(
            """
            SELECT n.nspname, c.relname
            FROM pg_catalog.pg_inherits i
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE i.inhparent = ?::pg_catalog.oid ORDER BY 1, 2 LIMIT 1
            """,
            row -> new TableName(row.getString("nspname"), row.getString("relname")),
            table.oid())
        .forEach(
            heir ->
                findings.refuse(
                    TABLE,
                    "%s inherits from %s, and no unique index says which of their rows are the same; name the table whose rows are to be set, where none inherits from it"
                        .formatted(heir, table.name())));
  }

  private Optional<OwnedRows> owned(
      Table table, Optional<String> condition, List<String> columns, WriteMode mode)
      throws SQLException {
    if (condition.isEmpty()) {
      return Optional.empty();
    }
    if (condition.get().contains("?")) {
      findings.refuse(
          OWNS,
          "it has a question mark, which statements take for a place of a value; write the operator's function instead");
      return Optional.empty();
    }
    List<String> named =
        new SourceCheck(inquiry, user, findings).columnsOf(OWNS, "it", table, condition.get());
    if (!mode.adds()) {
      return Optional.of(ofPresent(condition.get(), named, columns));
    }
    return Optional.of(
        new OwnsCheck(inquiry, findings)
            .check(OWNS, table, condition.get(), named, columns, List.of()));
  }

  /** Rows that are there have the columns that they are not given; no default says anything. */
  private OwnedRows ofPresent(String condition, List<String> named, List<String> columns) {
    List<String> given = named.stream().filter(columns::contains).toList();
    boolean all = given.size() == named.size();
    if (!given.isEmpty() && !all) {
      findings.refuse(
          OWNS,
          "it names %s, of which the DataFrame has %s alone, so that nothing says whether a row that is set still holds it; give all of them, or none"
              .formatted(String.join(", ", named), String.join(", ", given)));
    }
    return new OwnedRows(condition, named, Map.of(), all && !named.isEmpty());
  }

  private void rights(
      Rights rights, Table table, List<String> key, List<String> columns, WriteMode mode)
      throws SQLException {
    List<String> written =
        columns.stream().filter(table.columnNames()::contains).collect(Collectors.toList());
    if (mode.adds()) {
      rights.need(TABLE, Privilege.INSERT, table, written, findings);
      rights.needSequences(TABLE, table, written, findings);
    }
    rights.need(TABLE, Privilege.SELECT, table, key, findings);
    if (mode.sets()) {
      written.removeAll(key);
      rights.need(TABLE, Privilege.UPDATE, table, written, findings);
      rights.need(TABLE, Privilege.SELECT, table, written, findings);
    }
    if (rights.hidesRows(table)) {
      findings.refuse(TABLE, SourceCheck.rowSecurity(table));
    }
  }
}
