package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Privilege;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Resolves one table for a reader that is used alone, with preflight's own rules. Its reasons speak
 * of the connector's options.
 */
public final class SourceLookup {
  private static final String TABLE = "dbtable";
  private static final String COLUMNS = "columns";

  private final Inquiry inquiry;
  private final Findings findings = new Findings();

  private SourceLookup(Inquiry inquiry) {
    this.inquiry = inquiry;
  }

  /**
   * The table of this name with the columns that are to be read, where each can be.
   *
   * @param columns empty for all of them
   * @param lockTimeout how long a locked table is waited for
   * @throws NotReadyException if there is no such table, or it cannot be read whole and as it is:
   *     every reason at once
   */
  public static Table find(
      Database database,
      String applicationName,
      String table,
      List<String> columns,
      Duration lockTimeout) {
    try (Connection connection = database.connectForReading(applicationName);
        Inquiry inquiry = new Inquiry(connection, lockTimeout, Duration.ZERO)) {
      SourceLookup lookup = new SourceLookup(inquiry);
      ForeignSettings.checkRead(inquiry, database.readAddress(), lookup.findings);
      return lookup.find(table, columns);
    } catch (SQLException e) {
      throw NotReadyException.ofLookup(table, database.readAddress(), e);
    }
  }

  private Table find(String written, List<String> columns) throws SQLException {
    Optional<Table> found = new NameLookup(inquiry).find(TABLE, written, findings);
    findings.throwIfRefused();
    Table table = found.get();
    refuseUnreadable(table);
    columns.stream()
        .filter(column -> table.column(column).isEmpty())
        .forEach(column -> findings.refuse(COLUMNS, SourceCheck.noColumn(table, column)));
    findings.throwIfRefused();
    List<Column> read =
        columns.isEmpty()
            ? table.columns()
            : columns.stream().map(column -> table.column(column).orElseThrow()).toList();
    read.stream()
        .flatMap(column -> ValueGroup.refusal(table, column).stream())
        .forEach(
            reason ->
                findings.refuse(
                    TABLE, reason + ". Option columns names those that are to be read"));
    new Rights(inquiry, inquiry.one("SELECT current_user", row -> row.getString(1)))
        .need(TABLE, Privilege.SELECT, table, read.stream().map(Column::name).toList(), findings);
    findings.throwIfRefused();
    return table.showing(read);
  }

  private void refuseUnreadable(Table table) throws SQLException {
    if (!table.isTable()) {
      findings.refuse(
          TABLE,
          table.name()
              + " is "
              + table.kindInWords()
              + "; only a table can be read in ctid ranges and held in ACCESS SHARE. Read the tables beneath it, and"
              + " compute in Spark what it selects");
    } else if (!table.foreignParts().isEmpty()) {
      findings.refuse(
          TABLE,
          table.foreignParts().get(0)
              + ", a part of "
              + table.name()
              + ", is a foreign table, and no snapshot of ours holds there; read the local parts, one by one");
    } else if (new Rights(inquiry, "").hidesRows(table)) {
      findings.refuse(TABLE, SourceCheck.rowSecurity(table));
    }
  }
}
