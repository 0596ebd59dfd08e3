package backfill.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One PostgreSQL for all tests of this JVM, and an empty database of it for each test that asks.
 */
final class TestingServer {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static EmbeddedPostgres server;

  private TestingServer() {}

  private static synchronized int port() {
    if (server == null) {
      try {
        server = EmbeddedPostgres.builder().start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server.getPort();
  }

  /** A new database, owned by the superuser. */
  static Fresh fresh() {
    Fresh admin = new Fresh("127.0.0.1:" + port(), "postgres");
    Fresh made = new Fresh(admin.host(), "preflight_" + NUMBER.incrementAndGet());
    admin.execute("CREATE DATABASE " + made.name());
    return made;
  }

  /**
   * A role that may log in and nothing else; roles are the server's, so each gets a name of its
   * own.
   */
  static String role(Fresh database) {
    String role = "role_" + NUMBER.incrementAndGet();
    database.execute("CREATE ROLE " + role + " LOGIN");
    return role;
  }

  /** A database of a server whose roles need no password. */
  record Fresh(String host, String name) {

    String url() {
      return "jdbc:postgresql://" + host + "/" + name;
    }

    void execute(String... statements) {
      try (Connection connection = DriverManager.getConnection(url(), "postgres", "");
          Statement statement = connection.createStatement()) {
        for (String sql : statements) {
          statement.execute(sql);
        }
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }

    String value(String sql) {
      try (Connection connection = DriverManager.getConnection(url(), "postgres", "");
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        row.next();
        return row.getString(1);
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }

    Database as(String user) {
      return database(Map.of("BACKFILL_URL", url(), "BACKFILL_USER", user));
    }
  }

  static Database database(Map<String, String> environment) {
    return Database.fromEnvironment("BACKFILL", new HashMap<>(environment), Duration.ofSeconds(10));
  }
}
