package backfill.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Resolves one target for a writer that is used alone, with preflight's own rules. */
public final class TargetLookup {
  private TargetLookup() {}

  /**
   * The table of this name and the unique index on exactly its key.
   *
   * @param key empty for the primary key
   * @throws NotReady if there is no such table, or nothing in it can say which rows are the same
   */
  public static Target find(
      Database database, String applicationName, String name, List<String> key) {
    Findings findings = new Findings();
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, Duration.ofSeconds(5))) {
      Optional<Table> table = new NameLookup(inquiry).find("dbtable", name, findings);
      findings.throwIfRefused();
      List<String> columns = key.isEmpty() ? new Catalog(inquiry).primaryKey(table.get()) : key;
      Optional<Arbiter> arbiter = ArbiterRule.choose("dbtable", table.get(), columns, findings);
      findings.throwIfRefused();
      return new Target(table.get(), arbiter.get(), List.of());
    } catch (SQLException e) {
      throw new NotReady(
          List.of(
              "cannot look up " + name + " at " + database + ": " + ConnectionFailure.oneLine(e)),
          ConnectionFailure.passing(e.getSQLState()),
          e);
    }
  }
}
