package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server soon lets go what a session of a machine held that is gone. */
class LifeSignsTest {
  private static final String SETTINGS =
      "SELECT concat_ws(' ', current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'),"
          + " current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout'),"
          + " current_setting('client_connection_check_interval'))";

  private static final String AT_WORK =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gone'"
          + " AND state = 'active'";

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private Database at(String url) {
    return Database.at(url, database.user(), database.password(), Duration.ofSeconds(5));
  }

  private static String settings(Connection connection) throws SQLException {
    return Inquiry.rows(connection, SETTINGS, row -> row.getString(1)).get(0);
  }

  private void awaitAtWork(long sessions) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (database.count(AT_WORK) != sessions) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(50);
    }
  }

  @Test
  void silentMachineCountsAsGoneAfterTwoMinutesAndAClosedConnectionEndsItsStatement()
      throws Exception {
    try (Connection connection = at(database.url()).connect("gone")) {
      assertThat(settings(connection)).isEqualTo("60 10 6 120000 5s");
      CompletableFuture<Void> sleeping =
          CompletableFuture.runAsync(
              () -> {
                try {
                  connection.createStatement().execute("SELECT pg_sleep(300)");
                } catch (SQLException e) {
                  // As it should be: nobody waits for it any more.
                }
              });
      awaitAtWork(1);
      connection.abort(Runnable::run);
      sleeping.join();
      awaitAtWork(0);
    }
  }

  @Test
  void sessionThatAPoolerGivesToOthersKeepsItsOwn() throws Exception {
    String own;
    try (Connection direct = database.connection()) {
      own = settings(direct);
    }
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 1);
        Connection connection = at(pooler.url(database.url())).connect("pooled")) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      assertThat(settings(connection)).isEqualTo(own).endsWith(" 0");
    }
  }
}
