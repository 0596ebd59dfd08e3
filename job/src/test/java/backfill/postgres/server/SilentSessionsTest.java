package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingFaultProxy;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A line that carries nothing any more is told from a server that takes long. */
class SilentSessionsTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute("CREATE TABLE t (a int)");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** It asks after three seconds of silence. */
  private Database at(String url) {
    return Database.at(url, database.user(), database.password(), Duration.ofSeconds(1));
  }

  @Test
  void halfOpenConnectionIsLostAndItsSessionHoldsNothingAnyMore() throws Exception {
    try (TestingFaultProxy proxy = new TestingFaultProxy(database.url());
        Connection connection = at(proxy.url(database.url())).connect("half-open");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE t");
      proxy.swallowAfter(0);
      long began = System.nanoTime();

      SQLException lost =
          catchThrowableOfType(
              SQLException.class, () -> statement.execute("INSERT INTO t SELECT 1"));

      assertThat(Retry.passing(lost)).as(lost.toString()).isTrue();
      assertThat(ConnectionFailure.oneLine(lost))
          .matches(
              ".*no answer came for \\d+ s, and its session has nothing to do for us: the connection is half-open.*");
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
      database.execute("SET lock_timeout = '5 s'; LOCK TABLE t");
    }
  }

  @Test
  void serverThatIsAtWorkMayBeSilentForAsLongAsItTakes() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 1);
        Connection direct = at(database.url()).connect("direct");
        Connection pooled = at(pooler.url(database.url())).connect("pooled");
        Statement one = direct.createStatement();
        Statement other = pooled.createStatement()) {
      Thread beside = DaemonThread.of("beside", () -> sleep(other));
      beside.start();
      one.execute("SELECT pg_sleep(6)");
      beside.join();
      one.execute("SELECT 1");
      other.execute("SELECT 1");
    }
  }

  private static void sleep(Statement statement) {
    try {
      statement.execute("SELECT pg_sleep(6)");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
