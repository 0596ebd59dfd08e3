package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import backfill.postgres.write.Batch;
import backfill.postgres.write.BatchWriter;
import backfill.postgres.write.RejectionRules;
import backfill.postgres.write.TestingWriter;
import backfill.postgres.write.WriteTarget;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** Writers of one partition, of which each knows from the ledger what the others committed. */
class BatchLedgerTest {
  private static final String NAME = "test";
  private static final String SCHEMA = "the \"ledger\"";

  private TestingDatabase testing;
  private Database database;
  private Ledger ledger;
  private Lease lease;

  @BeforeEach
  void create() throws SQLException {
    testing = TestingPostgres.shared().createDatabase();
    testing.execute("CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))");
    database = TestingWriter.database(testing);
    UUID runId = UUID.randomUUID();
    ledger = new Ledger(database, NAME, SCHEMA, runId);
    ledger.create();
    lease = take(runId, Duration.ofHours(1));
  }

  private Lease take(UUID runId, Duration length) throws SQLException {
    return Lease.take(database, NAME, SCHEMA, runId, length, List.of("plan p", "table t"));
  }

  @AfterEach
  void drop() throws SQLException {
    lease.close();
    testing.close();
  }

  private BatchWriter writer() {
    return new BatchWriter(TestingWriter.pairs(database), NAME, slot());
  }

  private LedgerSlot slot() {
    return ledger.slot("step", lease).forPartition(0);
  }

  @Test
  void secondAttemptGoesOnBehindTheFirst() throws SQLException {
    try (BatchWriter first = writer();
        BatchWriter second = writer()) {
      first.write(TestingWriter.batch(first, 1, 0, 10));
      first.write(TestingWriter.batch(first, 1, 10, 20));

      assertThat(second.rowsWrittenBefore()).isEqualTo(20);
      second.write(TestingWriter.batch(second, 1, 20, 30));

      assertThat(ledger.counts("step").changed()).isEqualTo(30);
      assertThat(ledger.counts("step").left()).isZero();
    }
  }

  @Test
  void batchThatAnotherCopyCommittedIsNotCountedAgain() throws SQLException {
    try (BatchWriter one = writer();
        BatchWriter other = writer()) {
      one.write(TestingWriter.batch(one, 1, 0, 10));
      other.write(TestingWriter.batch(other, 1, 0, 10));
      other.write(TestingWriter.batch(other, 1, 10, 20));
      one.write(TestingWriter.batch(one, 1, 10, 20));

      assertThat(ledger.counts("step").rows()).isEqualTo(20);
      assertThat(ledger.counts("step").changed()).isEqualTo(20);
      assertThat(testing.count("SELECT count(*) FROM t")).isEqualTo(20);
    }
  }

  /** The throttle says how many rows a batch has, to each copy at another moment. */
  @Test
  void copiesOfAWriterWhoseBatchesEndElsewhereWriteAndCountEachRowOnce() throws SQLException {
    try (BatchWriter one = writer();
        BatchWriter other = writer()) {
      one.write(TestingWriter.batch(one, 1, 0, 10));
      other.write(TestingWriter.batch(other, 1, 0, 4));
      assertThat(other.ahead()).isEqualTo(6);
      assertThat(other.ahead()).isZero();
      other.write(TestingWriter.batch(other, 1, 10, 14));
      one.write(TestingWriter.batch(one, 1, 10, 20));
      assertThat(one.ahead()).isZero();
      one.write(TestingWriter.batch(one, 1, 20, 22));
      other.write(TestingWriter.batch(other, 1, 14, 30));

      assertThat(ledger.counts("step").rows()).isEqualTo(30);
      assertThat(ledger.counts("step").changed()).isEqualTo(30);
      assertThat(ledger.counts("step").left()).isZero();
      assertThat(testing.count("SELECT count(*) FROM t")).isEqualTo(30);
    }
  }

  @Test
  void batchOfOtherRowsThatAnotherCopyCommittedIsNotPassedOver() throws SQLException {
    try (BatchWriter one = writer();
        BatchWriter other = writer()) {
      one.write(TestingWriter.batch(one, 1, 0, 10));

      assertThatThrownBy(() -> other.write(TestingWriter.batch(other, 1, 5, 20)))
          .isInstanceOf(SQLException.class)
          .hasMessage(
              "another attempt of this task has committed batches of other rows, up to [\"1\",\"9\"]; the task begins again behind them");
      assertThat(testing.count("SELECT count(*) FROM t")).isEqualTo(10);
    }
  }

  /** Its UPDATE waits for a row lock; were the lease let go beside it, it could come second. */
  @Test
  void leaseIsLetGoOnceNoRenewalIsUnderWay() throws Exception {
    Lease brief =
        Lease.take(
            database, NAME, SCHEMA, UUID.randomUUID(), Duration.ofSeconds(1), List.of("plan q"));
    try (Connection holder = testing.connection()) {
      holder.setAutoCommit(false);
      holder
          .createStatement()
          .execute("SELECT FROM \"the \"\"ledger\"\"\".lease WHERE name = 'plan q' FOR UPDATE");
      awaitWaiting();
      Thread closing = new Thread(brief::close);
      closing.start();
      while (closing.getState() != Thread.State.TIMED_WAITING && waiting() == 1) {
        Thread.onSpinWait();
      }
      assertThat(waiting()).isEqualTo(1);
      holder.rollback();
      closing.join();
    }
    assertThat(
            testing.count(
                "SELECT count(*) FROM \"the \"\"ledger\"\"\".lease WHERE name = 'plan q' AND until > clock_timestamp()"))
        .isZero();
  }

  private void awaitWaiting() throws SQLException {
    while (waiting() == 0) {
      Thread.onSpinWait();
    }
  }

  /** Sessions that wait for the lease's row. */
  private long waiting() throws SQLException {
    return testing.count(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            + " AND query LIKE 'UPDATE%lease SET until%'");
  }

  /** A crash may give the number of a transaction that is lost to another one, which is in. */
  @Test
  void committedNumberOfAnotherTransactionIsNotTheBatch() throws SQLException {
    try (BatchWriter writer = writer();
        Connection asking = database.connect(NAME)) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));
      BatchLedger before = new BatchLedger(slot());
      String own = text("SELECT xid::text FROM \"the \"\"ledger\"\"\".batch");
      String another = text("SELECT pg_current_xact_id()::text");

      assertThat(text("SELECT pg_xact_status('" + another + "'::xid8)")).isEqualTo("committed");
      assertThat(before.entered(asking, own)).isTrue();
      assertThat(before.entered(asking, another)).isFalse();
    }
  }

  private String text(String sql) throws SQLException {
    return (String) testing.rows(sql).get(0).get(0);
  }

  /** Before the first batch stands nothing, and an empty key is not nothing. */
  @Test
  void batchBehindAnEmptyKeyIsWritten() throws SQLException {
    testing.execute("CREATE TABLE words (word text PRIMARY KEY)");
    WriteTarget words =
        new WriteTarget(
            new WriteTarget.Where(database, new TableName("public", "words")),
            new WriteTarget.WrittenColumns(
                List.of(new TargetColumn("word", "text")), List.of("word")),
            WriteTarget.Conflict.of("ON CONFLICT (\"word\")"),
            Operation.INSERT_MISSING,
            new WriteTarget.Timeouts(
                Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(20)),
            RejectionRules.STRICT);
    try (BatchWriter writer = new BatchWriter(words, NAME, slot())) {
      for (String word : List.of("", "a")) {
        Batch batch = writer.newBatch();
        batch.add(0, word);
        writer.write(batch);
      }

      assertThat(testing.count("SELECT count(*) FROM words")).isEqualTo(2);
      assertThat(ledger.counts("step").changed()).isEqualTo(2);
    }
  }

  @Test
  void sealedRunCommitsNothingMoreAndStaysTheHolder() throws SQLException {
    try (BatchWriter writer = writer()) {
      writer.write(TestingWriter.batch(writer, 1, 0, 10));
      lease.seal();

      assertThatThrownBy(() -> writer.write(TestingWriter.batch(writer, 1, 10, 20)))
          .isInstanceOf(FencedException.class);
      assertThatThrownBy(() -> take(UUID.randomUUID(), Duration.ofHours(1)))
          .isInstanceOf(LeaseHeldException.class);
      assertThat(testing.count("SELECT count(*) FROM t")).isEqualTo(10);
    }
  }

  /** Its client sleeps in the middle of a batch, for good. */
  @Test
  void openBatchOfASleeperDoesNotHoldUpTheNextRun() throws SQLException {
    lease.close();
    try (Connection asleep = testing.connection()) {
      asleep.setAutoCommit(false);
      asleep
          .createStatement()
          .execute("SELECT pg_advisory_xact_lock_shared(" + Lease.lockKey(SCHEMA, "table t") + ")");
      long began = System.nanoTime();

      Lease next = take(UUID.randomUUID(), Duration.ofHours(1));

      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
      assertThat(next.epochs()).containsEntry("plan p", 2L).containsEntry("table t", 2L);
      assertThatThrownBy(() -> asleep.createStatement().execute("SELECT 1"))
          .hasMessageContaining("terminating connection due to administrator command");
      next.close();
    }
  }

  @Test
  void openBatchOfARoleThatIsNotOursToEndIsNamed() throws Exception {
    lease.close();
    String role = "other_of_" + testing.name();
    testing.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'",
        "GRANT USAGE ON SCHEMA " + TableName.quote(SCHEMA) + " TO " + role,
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "
            + TableName.quote(SCHEMA)
            + " TO "
            + role);
    try (Connection asleep = testing.connection()) {
      asleep.setAutoCommit(false);
      asleep
          .createStatement()
          .execute("SELECT pg_advisory_xact_lock_shared(" + Lease.lockKey(SCHEMA, "table t") + ")");
      Database theirs =
          Database.fromEnvironment(
              "BACKFILL",
              Map.of(
                  "BACKFILL_URL",
                  testing.url(),
                  "BACKFILL_USER",
                  role,
                  "BACKFILL_PASSWORD",
                  "trusted"),
              Duration.ofSeconds(10));

      assertThatThrownBy(
              () ->
                  Lease.take(
                      theirs,
                      NAME,
                      SCHEMA,
                      UUID.randomUUID(),
                      Duration.ofHours(1),
                      List.of("plan p", "table t")))
          .isInstanceOf(LeaseHeldException.class)
          .hasMessage(
              "table t was held by a run whose lease is over, and a batch of it that does not end is not ours to end:"
                  + " pid "
                  + asleep.unwrap(PGConnection.class).getBackendPID()
                  + " of role "
                  + testing.user()
                  + "; end it as that role, or run again later: the server ends it when its client sleeps on");

      asleep.createStatement().execute("SELECT 1");
      assertThat(ledgerEpoch("plan p")).as("neither is taken").isEqualTo(1);
    } finally {
      testing.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  private long ledgerEpoch(String name) throws SQLException {
    return testing.count(
        "SELECT epoch FROM " + TableName.quote(SCHEMA) + ".lease WHERE name = '" + name + "'");
  }
}
