package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A DefectDojo in a database of its own, and plans run on it with limits set. */
public final class TestingGuardedDojo implements AutoCloseable {
  public final TestingDatabase database;
  public final TestingDefectDojo dojo;
  private final Connection connection;

  public TestingGuardedDojo() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    connection = database.connection();
    dojo = TestingDefectDojo.create(connection);
  }

  /** A limit for a command line, as in {@code rows-inserted=3}. */
  public static String limit(String keyAndValue) {
    return "--set=limits." + keyAndValue;
  }

  public TestingRun command(String command, String plan, String... options) {
    return TestingRun.of(
        database.environment(),
        Stream.concat(Stream.of(command, plan), Stream.of(options)).toArray(String[]::new));
  }

  /** Every row of these tables with the transaction that wrote it, and where sequences stand. */
  public List<List<Object>> trace(String... tables) throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (String table : tables) {
      trace.addAll(
          database.rows("SELECT xmin::text, ctid::text, t::text FROM " + table + " t ORDER BY 2"));
    }
    trace.addAll(
        database.rows(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"));
    return trace;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
    database.close();
  }
}
