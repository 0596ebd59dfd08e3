package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class OpenTransactionsTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  /** A transaction with an id, open until it is closed. */
  private static final class Open implements AutoCloseable {
    private final Connection connection;
    private final long pid;

    Open(TestingDatabase database, String name) throws SQLException {
      connection =
          DriverManager.getConnection(
              database.url() + "?ApplicationName=" + name, database.user(), database.password());
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SELECT pg_backend_pid(), pg_current_xact_id()")) {
        row.next();
        pid = row.getLong(1);
      }
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }

  @Test
  void transactionOfAnotherDatabaseIsNotWaitedFor() throws SQLException {
    try (TestingDatabase other = TestingPostgres.shared().createDatabase();
        Open open = new Open(other, "other")) {
      List<String> waits = new ArrayList<>();

      Optional<String> still =
          OpenTransactions.now(NamedDatabases.only(world.admin()), "test")
              .endWithin(Duration.ofMinutes(1), waits::add);

      assertThat(open.pid).isPositive();
      assertThat(still).isEmpty();
      assertThat(waits).isEmpty();
    }
  }

  @Test
  void transactionOfOursIsNamedUntilItEndsAndLaterOnesAreNot() throws SQLException {
    List<String> waits = new ArrayList<>();
    Open open = new Open(world.database, "late");
    OpenTransactions then = OpenTransactions.now(NamedDatabases.only(world.admin()), "test");
    try (Open later = new Open(world.database, "later")) {
      Optional<String> still =
          then.endWithin(
              Duration.ofMinutes(1),
              what -> {
                waits.add(what);
                close(open);
              });

      assertThat(still).isEmpty();
      assertThat(later.pid).isPositive();
    }
    assertThat(waits.get(0))
        .matches(
            "the end of pid %d \\(late, database %s, role %s\\), open for \\d+ s"
                .formatted(open.pid, world.database.name(), world.database.user()));
    assertThat(String.join("", waits)).doesNotContain("later");
  }

  private static void close(Open open) {
    try {
      open.close();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Since when a session has its transaction only who may look at it knows. */
  @Test
  void leastRoleNamesAllButTheBeginning() throws Exception {
    NamedDatabases databases = NamedDatabases.only(world.as(world.role()));
    try (Open first = new Open(world.database, "first");
        Open second = new Open(world.database, "second")) {
      OpenTransactions then = OpenTransactions.now(databases, "test");

      Optional<String> still = then.endWithin(Duration.ofMillis(1100), what -> {});

      String of = "database " + world.database.name() + ", role " + world.database.user();
      assertThat(still.orElseThrow())
          .startsWith(
              "2 transactions were open at our last commit and are still open after 1100 ms (verify.wait-for): pid ")
          .contains("pid %d (first, %s), open for at least 1 s".formatted(first.pid, of))
          .contains("pid %d (second, %s), open for at least 1 s".formatted(second.pid, of));
    }
  }
}
