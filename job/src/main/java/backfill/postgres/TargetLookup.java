package backfill.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Resolves one target for a writer that is used alone, with preflight's own rules. */
public final class TargetLookup {
  private TargetLookup() {}

  /**
   * The table of this name and the unique index on exactly its key.
   *
   * @param key empty for the primary key
   * @param retryFor how long a locked table is waited for
   * @throws NotReady if there is no such table, or nothing in it can say which rows are the same
   */
  public static Target find(
      Database database,
      String applicationName,
      String name,
      List<String> key,
      Duration lockTimeout,
      Duration retryFor) {
    Findings findings = new Findings();
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, lockTimeout, retryFor)) {
      ForeignSettings.checkWritten(inquiry, database.address(), findings);
      findings.throwIfRefused();
      Optional<Table> table = new NameLookup(inquiry).find("dbtable", name, findings);
      findings.throwIfRefused();
      List<String> columns =
          key.isEmpty() ? new IndexCatalog(inquiry).primaryKey(table.get()) : key;
      refuseUnfit(table.get(), columns, findings);
      findings.throwIfRefused();
      Optional<Arbiter> arbiter = ArbiterRule.choose("key", table.get(), columns, findings);
      findings.throwIfRefused();
      return new Target(
          table.get(),
          arbiter.get(),
          Map.of("INSERT", new Catalog(inquiry).beforeRowTriggers(table.get(), "INSERT")),
          new ParentCatalog(inquiry).of(table.get()),
          List.of(),
          Optional.empty());
    } catch (SQLException e) {
      throw new NotReady(
          List.of(
              "cannot look up " + name + " at " + database + ": " + ConnectionFailure.oneLine(e)),
          ConnectionFailure.passing(e.getSQLState()),
          e);
    }
  }

  private static void refuseUnfit(Table table, List<String> key, Findings findings) {
    if (!table.isTable()) {
      findings.refuse(
          "dbtable", table.name() + " is " + table.kindInWords() + "; only a table can be filled");
    } else if (key.isEmpty()) {
      findings.refuse(
          "key", table.name() + " has no primary key; name the columns of a unique index");
    }
    key.stream()
        .filter(column -> table.column(column).isEmpty())
        .forEach(column -> findings.refuse("key", SourceCheck.noColumn(table, column)));
  }
}
