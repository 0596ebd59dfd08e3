package backfill.postgres.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import backfill.postgres.ledger.WriteCounts;
import backfill.testing.TestingCommitProxy;
import backfill.testing.TestingCommitProxy.Cut;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A COMMIT whose answer never comes: asked about, then neither repeated nor lost. */
class UnansweredCommitTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))",
        "CREATE TABLE attempts (rows bigint)",
        """
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO attempts SELECT count(*) FROM added; RETURN NULL; END $$
        """,
        """
        CREATE TRIGGER note AFTER INSERT ON t REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION note()
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingCommitProxy proxy(Cut cut, int times) throws IOException {
    String address = database.url().replaceFirst("jdbc:postgresql://", "").replaceFirst("/.*", "");
    String[] parts = address.split(":");
    return new TestingCommitProxy(parts[0], Integer.parseInt(parts[1]), cut, times);
  }

  private BatchWriter writerBehind(TestingCommitProxy proxy, Duration retryFor) {
    String url = database.url().replaceFirst("//[^/]+/", "//127.0.0.1:" + proxy.port() + "/");
    return new BatchWriter(
        TestingWriter.pairs(TestingWriter.database(url, database), Duration.ofSeconds(5), retryFor),
        TestingWriter.APPLICATION_NAME);
  }

  @Test
  void committedBatchWhoseAnswerIsLostIsNotWrittenAgain() throws Exception {
    try (TestingCommitProxy proxy = proxy(Cut.BEFORE_THE_ANSWER, 1);
        BatchWriter writer = writerBehind(proxy, Duration.ofSeconds(20))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));
      writer.write(TestingWriter.batch(writer, 1, 5, 15));

      assertThat(proxy.left()).isZero();
      assertThat(writer.counts().changed()).isEqualTo(15);
      assertThat(writer.counts().left()).isEqualTo(5);
      assertThat(writer.counts().retries()).isZero();
      // The second batch was copied in vain first, because of its conflicts.
      assertThat(writer.counts().statements()).isEqualTo(3);
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(15);
    assertThat(database.count("SELECT count(*) FROM attempts")).isEqualTo(2);
  }

  @Test
  void batchWhoseCommitNeverArrivedIsWrittenAgain() throws Exception {
    try (TestingCommitProxy proxy = proxy(Cut.BEFORE_THE_SERVER, 2);
        BatchWriter writer = writerBehind(proxy, Duration.ofSeconds(20))) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));

      assertThat(proxy.left()).isZero();
      assertThat(writer.counts().changed()).isEqualTo(10);
      assertThat(writer.counts().left()).isZero();
      assertThat(writer.counts().retries()).isEqualTo(2);
    }
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(10);
    assertThat(database.count("SELECT count(*) FROM attempts")).isOne();
  }

  @Test
  void outcomeThatCannotBeAskedIsSaidAndNotGuessed() throws Exception {
    try (TestingCommitProxy proxy = proxy(Cut.BEFORE_THE_ANSWER, 1);
        BatchWriter writer = writerBehind(proxy, Duration.ofSeconds(1))) {
      proxy.closeAfterCut();
      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> writer.write(TestingWriter.batch(writer, 1, 0, 10)));

      assertThat((Throwable) failure)
          .message()
          .matches(
              "the server did not answer a COMMIT, and whether transaction \\d+ is in could not be asked either;"
                  + " a rerun finds out");
      assertThat(failure.getSQLState()).isEqualTo("08007");
      assertThat(writer.counts()).isEqualTo(WriteCounts.NONE);
    }
    assertThat(database.count("SELECT count(*) FROM attempts")).isOne();
  }

  /** Its number may be another transaction's by then, and without a ledger nothing else tells. */
  @Test
  void withoutALedgerTheOutcomeIsUnknownOnceTheServerHasCrashed() throws Exception {
    database.execute(
        """
        CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_stat_reset_shared('archiver'); RETURN NULL; END $$
        """,
        "CREATE TRIGGER crash AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION crash()");
    try (TestingCommitProxy proxy = proxy(Cut.BEFORE_THE_ANSWER, 1);
        BatchWriter writer = writerBehind(proxy, Duration.ofSeconds(20))) {
      SQLException failure =
          catchThrowableOfType(
              SQLException.class, () -> writer.write(TestingWriter.batch(writer, 1, 0, 10)));

      assertThat((Throwable) failure)
          .message()
          .matches(
              "the server did not answer a COMMIT, and whether transaction \\d+ is in is not known: the server crashed,"
                  + " or is another one now, and may have given the number to another transaction; without a ledger"
                  + " nothing else tells them apart; a rerun finds out");
      assertThat(failure.getSQLState()).isEqualTo("08007");
      assertThat(writer.counts()).isEqualTo(WriteCounts.NONE);
    }
    assertThat(database.count("SELECT count(*) FROM attempts")).isOne();
  }

  /** What the writer goes by; a server that was shut down loses no number. */
  @Test
  void aCrashIsToldFromARestart() throws Exception {
    String since = "SELECT stats_reset FROM pg_stat_archiver";
    try (TestingPostgres server = TestingPostgres.start()) {
      TestingDatabase there = server.createDatabase();
      Object first = there.rows(since).get(0).get(0);
      server.restart();
      assertThat(there.rows(since).get(0).get(0)).isEqualTo(first);
      server.crash();
      server.restart();
      assertThat(there.rows(since).get(0).get(0)).isNotEqualTo(first);
    }
  }
}
