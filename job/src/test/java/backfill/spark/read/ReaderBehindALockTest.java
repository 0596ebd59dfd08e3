package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.postgres.server.SqlState;
import backfill.postgres.snapshot.Snapshot;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A statement of the application that waits for the lock of our snapshot lets no reader of ours
 * pass. Each would wait for the other for ever, and the whole application behind them: the server
 * sees no deadlock, because what joins exporter and reader is no lock.
 */
class ReaderBehindALockTest {
  @Test
  @Timeout(60)
  void readerGivesWayToAStatementThatWaitsForItsExporter() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)");
      Duration second = Duration.ofSeconds(1);
      Database ours = Database.at(database.url(), database.user(), database.password(), second);
      CompletableFuture<Void> application;
      try (Snapshot snapshot =
              Snapshot.export(
                  ours,
                  "exporter",
                  List.of(TestingTables.table(ours, "t")),
                  Duration.ofMillis(200),
                  second);
          Connection reader = ours.connectForReading("reader");
          Statement statement = reader.createStatement()) {
        application = CompletableFuture.runAsync(() -> alter(database));
        while (database.count(
                "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted")
            == 0) {
          Thread.sleep(5);
        }
        reader.setAutoCommit(false);
        statement.execute(snapshot.importStatements());

        assertThatThrownBy(() -> statement.executeQuery("SELECT a FROM t"))
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(SqlState.LOCK_NOT_AVAILABLE.is(e)).isTrue());
      }
      application.get(10, TimeUnit.SECONDS);
    }
  }

  private static void alter(TestingDatabase database) {
    try {
      database.execute("ALTER TABLE t ADD COLUMN b int");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
