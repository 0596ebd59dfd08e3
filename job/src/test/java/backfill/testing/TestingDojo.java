package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A DefectDojo in a database of its own on the shared server, and the job run on it. */
public final class TestingDojo implements AutoCloseable {
  public static final List<String> TARGETS =
      List.of("dojo_product_authorized_users", "dojo_product_type_authorized_users", "auth_user");

  public final TestingDatabase database;
  public final Connection connection;
  public final TestingDefectDojo dojo;

  private TestingDojo() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
    dojo = TestingDefectDojo.create(connection);
  }

  public static TestingDojo create() throws SQLException {
    return new TestingDojo();
  }

  /** A command of the shipped plan, as in {@code run("plan", "--only", "user-flags")}. */
  public TestingRun run(String command, String... options) {
    List<String> words = new ArrayList<>(List.of(command, TestingRun.DOJO));
    words.addAll(List.of(options));
    return TestingRun.of(database.environment(), words.toArray(String[]::new));
  }

  /**
   * Every row of the targets with the transaction that wrote it, and where the sequences stand: the
   * same again means that nothing was touched.
   */
  public List<List<Object>> trace() throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (String target : TARGETS) {
      trace.addAll(
          database.rows(
              "SELECT xmin::text, ctid::text, t::text FROM " + target + " t ORDER BY id"));
    }
    trace.addAll(
        database.rows(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"));
    trace.addAll(
        database.rows(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"));
    trace.addAll(
        database.rows(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 1"));
    return trace;
  }

  public long rows(String table) throws SQLException {
    return database.count("SELECT count(*) FROM " + table);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
    database.close();
  }
}
