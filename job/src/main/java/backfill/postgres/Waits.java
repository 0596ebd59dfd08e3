package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Says what our sessions wait for, as the server sees it. One connection of its own, opened when
 * first asked; used by the thread that prints progress.
 */
public final class Waits implements AutoCloseable {
  private static final String BLOCKED =
      """
      SELECT ours.pid, ours.wait_event_type, ours.wait_event,
             b.pid AS blocker, b.application_name, b.usename, b.state,
             extract(epoch FROM clock_timestamp() - b.xact_start)::bigint AS seconds
      FROM pg_catalog.pg_stat_activity ours
      LEFT JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(ours.pid)) AS p(pid) ON true
      LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid
      WHERE pg_catalog.starts_with(ours.application_name, ?) AND ours.pid <> pg_catalog.pg_backend_pid()
        AND ours.wait_event_type IS NOT NULL AND ours.wait_event_type NOT IN ('Client', 'Activity')
      ORDER BY p.pid IS NULL, ours.pid
      LIMIT 1""";

  private final Database database;
  private final String applicationName;
  private Connection connection;

  /**
   * @param applicationName what the names of our sessions begin with
   */
  public Waits(Database database, String applicationName) {
    this.database = database;
    this.applicationName = applicationName;
  }

  /**
   * What one of our sessions waits for now, in words; a blocking session comes first. Empty where
   * none waits.
   */
  public Optional<String> current() {
    try {
      if (connection == null) {
        connection = database.connect(applicationName + " watch");
      }
      try (PreparedStatement statement = connection.prepareStatement(BLOCKED)) {
        statement.setQueryTimeout(2);
        statement.setString(1, applicationName);
        try (ResultSet row = statement.executeQuery()) {
          return row.next() ? Optional.of(words(row)) : Optional.empty();
        }
      }
    } catch (SQLException e) {
      close();
      return Optional.of("the server: " + firstLine(e));
    }
  }

  private static String words(ResultSet row) throws SQLException {
    int blocker = row.getInt("blocker");
    if (row.wasNull()) {
      return row.getString("wait_event_type") + " " + row.getString("wait_event");
    }
    String name = row.getString("application_name");
    String who = name == null || name.isEmpty() ? "no application name" : name;
    return "pid "
        + blocker
        + " ("
        + who
        + ", "
        + row.getString("usename")
        + ", "
        + row.getString("state")
        + "), in its transaction for "
        + row.getLong("seconds")
        + " s, blocks our pid "
        + row.getInt("pid");
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no message");
  }

  @Override
  public void close() {
    Connection closing = connection;
    connection = null;
    if (closing != null) {
      try {
        closing.close();
      } catch (SQLException e) {
        // Nothing was in progress on it.
      }
    }
  }
}
