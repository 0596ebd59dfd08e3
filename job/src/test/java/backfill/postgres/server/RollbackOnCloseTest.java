package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A connection of ours leaves in no transaction, however far it came with one. */
class RollbackOnCloseTest {
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

  private Connection open(String url) throws SQLException {
    return Database.at(url, database.user(), database.password(), Duration.ofSeconds(5))
        .connect("leaving");
  }

  @Test
  void poolerKeepsTheSessionOfEachThatLeaves() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 2)) {
      String url = pooler.url(database.url());
      try (Connection open = open(url);
          Statement statement = open.createStatement()) {
        open.setAutoCommit(false);
        statement.execute("INSERT INTO t VALUES (1)");
      }
      try (Connection failed = open(url);
          Statement statement = failed.createStatement()) {
        failed.setAutoCommit(false);
        assertThatThrownBy(() -> statement.execute("SELECT 1 / 0")).hasMessageContaining("zero");
      }
      try (Connection begunBySql = open(url);
          Statement statement = begunBySql.createStatement()) {
        statement.execute("BEGIN; INSERT INTO t VALUES (2)");
      }

      assertThat(pooler.leftInTransaction()).isZero();
    }
    assertThat(database.count("SELECT count(*) FROM t")).isZero();
  }

  @Test
  void whatItLockedIsFreeAsSoonAsItIsClosed() throws Exception {
    Connection locking = open(database.url());
    locking.setAutoCommit(false);
    locking.createStatement().execute("LOCK TABLE t");

    locking.close();

    assertThat(locking.isClosed()).isTrue();
    assertThat(database.count("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass"))
        .isZero();
    locking.close();
  }

  @Test
  void oneWhoseSessionHasEndedClosesAllTheSame() throws Exception {
    Connection gone = open(database.url());
    gone.setAutoCommit(false);
    gone.createStatement().execute("LOCK TABLE t");
    database.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'leaving'");

    gone.close();

    assertThat(gone.isClosed()).isTrue();
    assertThat(gone).isEqualTo(gone).isNotEqualTo(null);
  }
}
