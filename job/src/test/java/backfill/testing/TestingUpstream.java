package backfill.testing;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The tables of one upstream system in a database of their own, and a shipped plan run on them. */
public final class TestingUpstream implements AutoCloseable {
  public final TestingDatabase database;
  private final String tables;
  private final String plan;

  private TestingUpstream(TestingDatabase database, String tables, String plan) {
    this.database = database;
    this.tables = tables;
    this.plan = plan;
  }

  /**
   * @param tables for {@link TestingUpstreamTables}
   * @param plan a shipped plan's name
   */
  public static TestingUpstream create(String tables, String plan) throws SQLException {
    TestingDatabase database = TestingPostgres.shared().createDatabase();
    TestingUpstreamTables.load(database, tables);
    return new TestingUpstream(database, tables, plan);
  }

  /** The same tables with the same rows, in a database of their own. */
  public TestingUpstream copy() throws SQLException {
    return new TestingUpstream(TestingPostgres.shared().copy(database), tables, plan);
  }

  public TestingRun run(String command, String... options) {
    List<String> words = new ArrayList<>(List.of(command, plan));
    words.addAll(List.of(options));
    return TestingRun.of(database.environment(), words.toArray(String[]::new));
  }

  /** The rows of some tables as they are, without who wrote them. */
  public List<List<Object>> rows(String... names) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    for (String name : names) {
      rows.addAll(
          database.rows("SELECT '" + name + "', t::text FROM " + name + " t ORDER BY t::text"));
    }
    return rows;
  }

  /**
   * Every row of every table that is not the ledger's, with the transaction that wrote it, and
   * where the sequences stand: the same again means that nothing was touched.
   */
  public List<List<Object>> trace() throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (List<Object> table :
        database.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")) {
      trace.addAll(
          database.rows(
              "SELECT '%1$s', xmin::text, ctid::text, t::text FROM \"%1$s\" t ORDER BY ctid"
                  .formatted(table.get(0))));
    }
    trace.addAll(
        database.rows(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"));
    return trace;
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
