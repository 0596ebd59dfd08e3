package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.postgres.write.TestingWriter.Beside;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Connections that end and a server that restarts, on a server of the test's own: each row is in
 * once, and counted once.
 */
class LostConnectionTest {
  private static TestingPostgres server;
  private TestingDatabase database;
  private BatchWriter writer;
  private final AtomicBoolean enough = new AtomicBoolean();

  @BeforeAll
  static void start() {
    server = TestingPostgres.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void create() throws SQLException {
    database = server.createDatabase();
    database.execute("CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))");
    writer =
        new BatchWriter(
            TestingWriter.pairs(TestingWriter.database(database)), TestingWriter.APPLICATION_NAME);
  }

  @AfterEach
  void drop() throws SQLException {
    writer.close();
    database.close();
  }

  private static final String KILL =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"
          + TestingWriter.APPLICATION_NAME
          + "'";

  private void everyRowIsInOnce(long rows) throws SQLException {
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(rows);
    assertThat(writer.counts().changed()).isEqualTo(rows);
    assertThat(writer.counts().left()).isZero();
  }

  @Test
  void connectionKilledInTheMiddleOfABatchIsReplaced() throws Exception {
    try (Connection other = database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
      Beside<Void> writing = writing(1);
      TestingWriter.awaitBlocked(database);
      database.execute(KILL);
      other.rollback();
      writing.get();
    }
    everyRowIsInOnce(10);
    assertThat(writer.counts().retries()).isOne();
  }

  @Test
  void connectionKilledBetweenTwoBatchesIsReplaced() throws Exception {
    writing(1).get();
    database.execute(KILL);
    TestingWriter.await(
        database,
        "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '"
            + TestingWriter.APPLICATION_NAME
            + "')");
    Batch second = TestingWriter.batch(writer, 2, 0, 10);
    writer.write(second);

    everyRowIsInOnce(20);
    assertThat(writer.counts().retries()).isOne();
  }

  @Test
  void serverThatRestartsDuringTheWriteIsWaitedFor() throws Exception {
    Beside<Long> writing = writingUntilTold();
    TestingWriter.await(database, "(SELECT count(*) FROM t) > 50");
    server.restart();
    goesOn();
    enough.set(true);

    everyRowIsInOnce(writing.get());
    assertThat(writer.counts().retries()).isPositive();
  }

  @Test
  void connectionsKilledAgainAndAgainLoseNothing() throws Exception {
    Beside<Long> writing = writingUntilTold();
    for (int i = 1; i <= 8; i++) {
      goesOn();
      database.execute(KILL);
    }
    goesOn();
    enough.set(true);

    everyRowIsInOnce(writing.get());
    assertThat(writer.counts().retries()).isPositive();
  }

  /** More rows than now are in. */
  private void goesOn() throws Exception {
    long rows = database.count("SELECT count(*) FROM t");
    TestingWriter.await(database, "(SELECT count(*) FROM t) > " + (rows + 100));
  }

  @Test
  void serverThatStaysAwayEndsTheWriteWithTheFailuresBefore() throws Exception {
    try (BatchWriter hasty =
        new BatchWriter(
            TestingWriter.pairs(
                TestingWriter.database(database), Duration.ofSeconds(5), Duration.ofSeconds(1)),
            TestingWriter.APPLICATION_NAME)) {
      hasty.write(TestingWriter.batch(hasty, 1, 0, 1));
      server.stop();
      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> hasty.write(TestingWriter.batch(hasty, 2, 0, 1)));

      assertThat(failure.getSQLState()).startsWith("08");
      assertThat(failure.getSuppressed()).hasSize(1);
      assertThat(hasty.counts().rows()).isOne();
    } finally {
      server.restart();
    }
    assertThat(database.count("SELECT count(*) FROM t")).isOne();
  }

  private Beside<Void> writing(int batches) {
    return TestingWriter.beside(
        () -> {
          for (int i = 0; i < batches; i++) {
            writer.write(TestingWriter.batch(writer, 1, i * 10L, i * 10L + 10));
          }
          return null;
        });
  }

  /** Ten rows after ten others; answers how many they were. */
  private Beside<Long> writingUntilTold() {
    return TestingWriter.beside(
        () -> {
          long rows = 0;
          while (!enough.get()) {
            writer.write(TestingWriter.batch(writer, 1, rows, rows + 10));
            rows += 10;
          }
          return rows;
        });
  }
}
