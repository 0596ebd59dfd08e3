package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The sessions that a run has on its servers, whichever machine opened them, told by the beginning
 * of their {@code application_name}; the ones that ask are not among them. Used by one thread.
 */
public final class RunSessions implements AutoCloseable {
  // A role may end the sessions of its own without any right.
  private static final String OURS =
      """
       FROM pg_catalog.pg_stat_activity
      WHERE pg_catalog.starts_with(application_name, ?) AND application_name <> ? AND usename = session_user""";

  private final Database database;
  private final String applicationName;
  private final List<Connection> asking = new ArrayList<>();

  /**
   * @param applicationName what the names of the run's sessions begin with, and no other run's
   */
  public RunSessions(Database database, String applicationName) {
    this.database = database;
    this.applicationName = applicationName;
  }

  /** How many there are. */
  public int count() throws SQLException {
    return sum("SELECT pg_catalog.count(*)" + OURS);
  }

  /** Ends each one, whatever it does; what it has not committed is undone. */
  public int end() throws SQLException {
    return sum("SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid))" + OURS);
  }

  private int sum(String sql) throws SQLException {
    if (asking.isEmpty()) {
      asking.add(database.connect(ownName()));
      if (database.readsElsewhere()) {
        asking.add(database.connectForReading(ownName()));
      }
    }
    int sum = 0;
    try {
      for (Connection connection : asking) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
          statement.setString(1, applicationName);
          statement.setString(2, ownName());
          try (ResultSet row = statement.executeQuery()) {
            row.next();
            sum += row.getInt(1);
          }
        }
      }
    } catch (SQLException e) {
      close();
      throw e;
    }
    return sum;
  }

  private String ownName() {
    return applicationName + " stop";
  }

  @Override
  public void close() {
    for (Connection connection : asking) {
      try {
        connection.close();
      } catch (SQLException e) {
        // It is gone already.
      }
    }
    asking.clear();
  }
}
