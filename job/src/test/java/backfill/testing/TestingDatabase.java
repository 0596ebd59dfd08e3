package backfill.testing;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A database of one test on a {@link TestingPostgres}, dropped when it is closed. */
public final class TestingDatabase implements AutoCloseable {
  private final TestingPostgres server;
  private final String name;
  private final String user;
  private final String password;
  private final TestingAskedQuery asked = new TestingAskedQuery();

  TestingDatabase(TestingPostgres server, String name, String user, String password) {
    this.server = server;
    this.name = name;
    this.user = user;
    this.password = password;
  }

  public String name() {
    return name;
  }

  public String url() {
    return server.urlOf(name);
  }

  public String user() {
    return user;
  }

  public String password() {
    return password;
  }

  /** What the job is given to find this database. */
  public Map<String, String> environment() {
    return Map.of("BACKFILL_URL", url(), "BACKFILL_USER", user, "BACKFILL_PASSWORD", password);
  }

  /** A new connection, in autocommit; the caller closes it. */
  public Connection connection() throws SQLException {
    asked.forget();
    return connect();
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), user, password);
  }

  /** Ends what this object has open: a database is copied only where no session is. */
  void leave() throws SQLException {
    asked.forget();
  }

  /** Executes each text, which may hold several statements, in one session. */
  public void execute(String... sql) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      for (String text : sql) {
        statement.execute(text);
      }
    }
  }

  /** The number that a query answers with, as in {@code SELECT count(*) …}. */
  public long count(String sql) throws SQLException {
    List<List<Object>> rows = rows(sql);
    if (rows.size() != 1
        || rows.get(0).size() != 1
        || !(rows.get(0).get(0) instanceof Number number)) {
      throw new IllegalArgumentException("expected one number from " + sql + ", got " + rows);
    }
    return number.longValue();
  }

  /** Every row of a query, in its order; a NULL is null. */
  public List<List<Object>> rows(String sql) throws SQLException {
    Connection repeated = asked.take(sql);
    Connection session = repeated == null ? connect() : repeated;
    try {
      List<List<Object>> rows = rows(session, sql);
      asked.giveBack(sql, session);
      return rows;
    } catch (SQLException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private static List<List<Object>> rows(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<List<Object>> rows = new ArrayList<>();
      while (result.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
          row.add(result.getObject(i));
        }
        rows.add(row);
      }
      return rows;
    }
  }

  @Override
  public void close() throws SQLException {
    leave();
    server.drop(name);
  }
}
