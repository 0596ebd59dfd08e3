package backfill.postgres.server;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

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

  private final NamedDatabases databases;
  private final String applicationName;
  private final List<Connection> asking = new ArrayList<>();

  /**
   * @param applicationName what the names of the run's sessions begin with, and no other run's
   */
  public RunSessions(NamedDatabases databases, String applicationName) {
    this.databases = databases;
    this.applicationName = applicationName;
  }

  /** How many there are; empty where a server does not answer. */
  public OptionalInt count() {
    return asked("SELECT pg_catalog.count(*)" + OURS);
  }

  /** Ends each one, whatever it does; what it has not committed is undone. */
  public OptionalInt end() {
    return asked("SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid))" + OURS);
  }

  private OptionalInt asked(String sql) {
    try {
      return OptionalInt.of(sum(sql));
    } catch (SQLException e) {
      // It may have no room for one more connection until the first of the run's has gone.
      close();
      return OptionalInt.empty();
    }
  }

  private int sum(String sql) throws SQLException {
    if (asking.isEmpty()) {
      for (Database database : databases.named().values()) {
        asking.add(database.connect(ownName()));
        if (database.readsElsewhere()) {
          asking.add(database.connectForReading(ownName()));
        }
      }
    }
    int sum = 0;
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
