package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.BatchWriter;
import backfill.postgres.write.TestingWriter;
import backfill.postgres.write.TestingWriter.Beside;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes by itself is waited for, and not for ever. */
class RetryTest {
  private static final Duration SHORT = Duration.ofMillis(300);

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute("CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private BatchWriter writer(Duration lockTimeout, Duration retryFor) {
    return new BatchWriter(
        TestingWriter.pairs(TestingWriter.database(database), lockTimeout, retryFor),
        TestingWriter.APPLICATION_NAME);
  }

  @Test
  void lockedTableIsWaitedForInShortAttempts() throws Exception {
    try (Connection other = database.connection();
        BatchWriter writer = writer(SHORT, Duration.ofSeconds(20))) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
      Beside<Void> writing = writing(writer, 1, 0, 10);
      // Two attempts that reached the table, each a connection of its own.
      TestingWriter.awaitBlocked(database);
      Object first = pid();
      TestingWriter.await(
          database,
          "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '"
              + TestingWriter.APPLICATION_NAME
              + "' AND wait_event_type = 'Lock' AND pid <> "
              + first
              + ")");
      other.rollback();
      writing.get();

      assertThat(writer.counts().retries()).isPositive();
      assertThat(writer.counts().statements()).isEqualTo(1 + writer.counts().retries());
      assertThat(writer.counts().changed()).isEqualTo(10);
      assertThat(writer.counts().lockWaitNanos()).isGreaterThan(SHORT.toNanos());
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(10);
  }

  private Object pid() throws SQLException {
    return database
        .rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = '"
                + TestingWriter.APPLICATION_NAME
                + "'")
        .get(0)
        .get(0);
  }

  private static Beside<Void> writing(BatchWriter writer, long a, long from, long to) {
    return TestingWriter.beside(
        () -> {
          writer.write(TestingWriter.batch(writer, a, from, to));
          return null;
        });
  }

  @Test
  void lockThatNeverComesEndsInAnErrorThatKeepsTheOnesBefore() throws Exception {
    try (Connection other = database.connection();
        BatchWriter writer = writer(SHORT, Duration.ofSeconds(1))) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
      long started = System.nanoTime();
      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> writer.write(TestingWriter.batch(writer, 1, 0, 10)));

      assertThat((Throwable) failure)
          .hasMessageStartingWith("ERROR: canceling statement due to lock timeout");
      assertThat(failure.getSQLState()).isEqualTo("55P03");
      assertThat(failure.getSuppressed()).hasSize(1);
      assertThat(failure.getSuppressed()[0]).hasMessageContaining("lock timeout");
      assertThat(Duration.ofNanos(System.nanoTime() - started))
          .isGreaterThan(Duration.ofSeconds(1));
      assertThat(writer.counts()).isEqualTo(WriteCounts.NONE);
      other.rollback();
    }
    assertThat(database.count("SELECT count(*) FROM t")).isZero();
  }

  @Test
  void retryForZeroNeverTriesAgain() throws Exception {
    try (Connection other = database.connection();
        BatchWriter writer = writer(SHORT, Duration.ZERO)) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");

      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 1, 0, 10)))
          .hasMessageContaining("lock timeout")
          .hasNoSuppressedExceptions();
      other.rollback();
    }
  }

  @Test
  void deadlockWithSomebodyElseIsResolved() throws Exception {
    try (Connection other = database.connection();
        BatchWriter writer = writer(Duration.ofSeconds(20), Duration.ofSeconds(20))) {
      other.setAutoCommit(false);
      // The writer takes (1, 0), then waits for (1, 1); the other session has that and asks for (1,
      // 0). The server
      // ends whoever looks first: the other one is told to look late.
      other.createStatement().execute("SET deadlock_timeout = '1min'");
      other.createStatement().execute("INSERT INTO t VALUES (1, 1)");
      Beside<Void> writing = writing(writer, 1, 0, 3);
      TestingWriter.awaitBlocked(database);
      other.createStatement().execute("INSERT INTO t VALUES (1, 0)");
      other.commit();
      writing.get();

      assertThat(writer.counts().retries()).isOne();
      assertThat(writer.counts().changed()).isOne();
      assertThat(writer.counts().left()).isEqualTo(2);
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40001", "40P01", "55P03", "53300", "57P01", "25P03", "08006"})
  void whatPassesIsTriedUntilItPasses(String state) throws Exception {
    database.execute(
        "CREATE SEQUENCE attempts",
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF nextval('attempts') <= 3 THEN RAISE SQLSTATE '%s'; END IF;
            RETURN NULL;
          END $$
        """
            .formatted(state),
        "CREATE TRIGGER fail AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION fail()");
    try (BatchWriter writer = writer(SHORT, Duration.ofSeconds(20))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 5));

      assertThat(writer.counts().retries()).isEqualTo(3);
      assertThat(writer.counts().statements()).isEqualTo(4);
      assertThat(writer.counts().changed()).isEqualTo(5);
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(5);
  }
}
