package backfill.postgres.preflight;

import backfill.postgres.catalog.Arbiter;
import backfill.postgres.catalog.ArbiterRule;
import backfill.postgres.catalog.CoveringIndexes;
import backfill.postgres.catalog.DeclaredTypes;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.IndexCatalog;
import backfill.postgres.catalog.IndexedRows;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TriggerCatalog;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.Server;
import backfill.postgres.write.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   */
  public record Wanted(String table, List<String> key, String owns) {}

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
      throw new NotReadyException(
          List.of(
              "cannot look up "
                  + wanted.table()
                  + " at "
                  + database
                  + ": "
                  + ConnectionFailure.oneLine(e)),
          ConnectionFailure.passing(e.getSQLState()),
          e);
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
    refuseUnfit(table, key);
    findings.throwIfRefused();
    CoveringIndexes covering =
        CoveringIndexes.of(inquiry, table, key, Optional.ofNullable(wanted.owns()));
    Optional<Arbiter> arbiter =
        ArbiterRule.choose(KEY, table, key, ArbiterRule.KeyNulls.ANY, covering, findings);
    LoneColumns.check(table, key, columns, findings);
    Optional<OwnedRows> owned =
        owned(
            table,
            wanted.owns() == null
                ? arbiter.flatMap(Arbiter::predicate)
                : Optional.of(wanted.owns()),
            columns);
    rights(table, key, columns, owned, arbiter.flatMap(Arbiter::indexed));
    findings.throwIfRefused();
    return new Found(
        new Target(
            table,
            arbiter.get(),
            Map.of(RowEvent.INSERT, triggers.beforeRowTriggers(table, RowEvent.INSERT)),
            new ParentCatalog(inquiry).of(table),
            List.of(),
            owned),
        DeclaredTypes.of(inquiry, table));
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

  private void refuseUnfit(Table table, List<String> key) throws SQLException {
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
    key.stream()
        .filter(column -> table.column(column).isEmpty())
        .forEach(column -> findings.refuse(KEY, SourceCheck.noColumn(table, column)));
    for (String rule : triggers.rules(table, RowEvent.INSERT)) {
      findings.refuse(TABLE, TriggerCheck.rewritten(table, rule, "INSERT with ON CONFLICT"));
    }
  }

  private Optional<OwnedRows> owned(Table table, Optional<String> condition, List<String> columns)
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
    return Optional.of(
        new OwnsCheck(inquiry, findings)
            .check(OWNS, table, condition.get(), named, columns, List.of()));
  }

  private void rights(
      Table table,
      List<String> key,
      List<String> columns,
      Optional<OwnedRows> owned,
      Optional<IndexedRows> indexed)
      throws SQLException {
    Rights rights = new Rights(inquiry, user);
    List<String> written = columns.stream().filter(table.columnNames()::contains).toList();
    rights.need(TABLE, Privilege.INSERT, table, written, findings);
    rights.need(TABLE, Privilege.SELECT, table, key, findings);
    rights.need(
        TABLE, Privilege.SELECT, table, owned.map(OwnedRows::columns).orElse(List.of()), findings);
    if (indexed.isPresent()) {
      rights.need(TABLE, Privilege.SELECT, table, indexed.get().columns(), findings);
    }
    rights.needSequences(TABLE, table, written, findings);
    if (rights.hidesRows(table)) {
      findings.refuse(TABLE, SourceCheck.rowSecurity(table));
    }
  }
}
