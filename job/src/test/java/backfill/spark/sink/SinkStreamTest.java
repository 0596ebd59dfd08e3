package backfill.spark.sink;

import static backfill.testing.TestingSink.counted;
import static backfill.testing.TestingSink.save;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A streaming query writes each of its batches once, however often it is ended and begun again. */
class SinkStreamTest {
  private static TestingDatabase database;

  @TempDir Path directory;

  private final List<String> countsOfBatches = new ArrayList<>();

  @BeforeAll
  static void createDatabase() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void create() throws SQLException {
    database.execute(
        "DROP SCHEMA IF EXISTS backfill CASCADE",
        "DROP TABLE IF EXISTS t, oracle",
        "CREATE TABLE t (k int PRIMARY KEY, v text)",
        "CREATE TABLE oracle (k int PRIMARY KEY, v text)");
  }

  /** A file of the source, which is one batch: keys from one to before another. */
  private void feed(int file, int from, int to, String value) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int k = from; k < to; k++) {
      lines.append("{\"k\": %d, \"v\": \"%s\"}\n".formatted(k, value));
    }
    Path source = Files.createDirectories(directory.resolve("in"));
    Path written = Files.writeString(directory.resolve("file-" + file), lines);
    Files.setLastModifiedTime(written, FileTime.fromMillis(1_700_000_000_000L + file * 10_000L));
    Files.move(written, source.resolve("file-" + file + ".json"));
  }

  /** Something that is done behind the write of a batch, before Spark notes that it is done. */
  @FunctionalInterface
  private interface Behind {
    void batch(long number) throws Exception;
  }

  private void run(String checkpoint, int partitions, Map<String, String> options, Behind behind)
      throws Exception {
    TestingSpark.session()
        .readStream()
        .schema("k int, v string")
        .option("maxFilesPerTrigger", 1)
        .json(directory.resolve("in").toString())
        .writeStream()
        .option("checkpointLocation", directory.resolve(checkpoint).toString())
        .trigger(Trigger.AvailableNow())
        .foreachBatch(
            (VoidFunction2<Dataset<Row>, Long>)
                (rows, number) -> {
                  Map<String, String> all =
                      new HashMap<>(
                          Map.of("stream", "orders", "batch", "" + number, "counts", "batch"));
                  all.putAll(options);
                  try {
                    save(database, rows.repartition(partitions), all);
                  } finally {
                    if (rows.sparkSession().catalog().tableExists("batch")) {
                      countsOfBatches.add(number + ": " + counted(rows.sparkSession(), "batch"));
                    }
                  }
                  behind.batch(number);
                })
        .start()
        .awaitTermination();
  }

  private static Behind failingAt(long batch) {
    return number -> {
      if (number == batch) {
        throw new IllegalStateException("killed behind batch " + number);
      }
    };
  }

  @Test
  void batchThatIsRepeatedAfterARestartWritesNothingAgain() throws Exception {
    feed(0, 0, 10, "first");
    feed(1, 5, 15, "second");
    feed(2, 12, 20, "third");
    Map<String, String> upsert = Map.of("mode", "upsert", "rows-per-batch", "3");

    assertThatThrownBy(() -> run("checkpoint", 3, upsert, failingAt(1)))
        .isInstanceOf(StreamingQueryException.class)
        .hasMessageContaining("killed behind batch 1");
    // What a second write of the batch would overwrite.
    database.execute("UPDATE t SET v = 'theirs' WHERE k = 5", "DELETE FROM t WHERE k = 6");
    assertThatThrownBy(() -> run("checkpoint", 1, upsert, failingAt(1)))
        .hasMessageContaining("killed behind batch 1");
    run("checkpoint", 7, upsert, number -> {});

    assertThat(countsOfBatches)
        .containsExactly(
            "0: rows=10 inserted=10",
            "1: rows=10 inserted=5 updated=5",
            "1: rows=10 inserted=5 updated=5",
            "1: rows=10 inserted=5 updated=5",
            "2: rows=8 inserted=5 updated=3");
    database.execute(
        "INSERT INTO oracle SELECT i, 'first' FROM generate_series(0, 9) i",
        "INSERT INTO oracle SELECT i, 'second' FROM generate_series(5, 14) i ON CONFLICT (k) DO UPDATE SET v = excluded.v",
        "UPDATE oracle SET v = 'theirs' WHERE k = 5",
        "DELETE FROM oracle WHERE k = 6",
        "INSERT INTO oracle SELECT i, 'third' FROM generate_series(12, 19) i ON CONFLICT (k) DO UPDATE SET v = excluded.v");
    assertThat(database.rows("SELECT * FROM t ORDER BY k"))
        .isEqualTo(database.rows("SELECT * FROM oracle ORDER BY k"));
    assertThat(
            database.rows(
                "SELECT stream, target, batch, mode, rows, query IS NOT NULL FROM backfill.stream ORDER BY batch"))
        .hasToString(
            "[[orders, \"public\".\"t\", 0, upsert, 10, true], [orders, \"public\".\"t\", 1, upsert, 10, true],"
                + " [orders, \"public\".\"t\", 2, upsert, 8, true]]");

    feed(3, 20, 21, "fourth");
    assertThatThrownBy(() -> run("another checkpoint", 1, upsert, number -> {}))
        .hasMessageContaining(
            "stream: batches of stream orders are in t from another checkpoint (query ")
        .hasMessageContaining(
            "whose batches of the same number are not these; name a new stream, or forget the old one: DELETE FROM"
                + " \"backfill\".stream WHERE stream = 'orders'");
    run("checkpoint", 1, upsert, number -> {});
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(20);
  }

  @Test
  void batchThatFailsLeavesNothingAndGoesOnWhereItsCauseIsMended() throws Exception {
    feed(0, 0, 8, "first");
    feed(1, 10, 20, "second");
    Map<String, String> error = Map.of("mode", "error", "rows-per-batch", "3");
    database.execute("INSERT INTO t VALUES (18, 'theirs')");

    assertThatThrownBy(() -> run("checkpoint", 2, error, number -> {}))
        .hasMessageContaining(
            "cannot write batch 1 of stream orders to t: the key of 1 row is in the table already: (18); nothing of"
                + " batch 1 of stream orders was written");
    assertThat(database.count("SELECT count(*) FROM t WHERE k >= 10")).isOne();
    assertThat(database.count("SELECT count(*) FROM backfill.stream")).isOne();

    database.execute("DELETE FROM t", "ALTER TABLE t ADD CHECK (k <> 19)");
    assertThatThrownBy(() -> run("checkpoint", 2, error, number -> {}))
        .hasMessageContaining(
            "t: 1 row was rejected, and option rejected-rows allows 0; the first one, (19): new row for relation \"t\""
                + " violates check constraint \"t_k_check\" (SQLSTATE 23514); nothing of batch 1 of stream orders was"
                + " written");
    assertThat(database.count("SELECT count(*) FROM t")).isZero();

    database.execute("ALTER TABLE t DROP CONSTRAINT t_k_check");
    assertThatThrownBy(() -> run("checkpoint", 2, error, failingAt(1)))
        .hasMessageContaining("killed behind batch 1");
    run("checkpoint", 2, error, number -> {});
    assertThat(countsOfBatches)
        .containsExactly(
            "0: rows=8 inserted=8",
            "1: exact=false",
            "1: rows=1 rejected=1 exact=false",
            "1: rows=10 inserted=10",
            "1: rows=10 inserted=10");
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(10);
  }

  @Test
  void writerWhoseConnectionIsCutBeginsTheBatchAnew() throws Exception {
    Map<String, String> options =
        Map.of("stream", "cut", "batch", "7", "counts", "cut", "rows-per-batch", "2");
    CompletableFuture<Void> writing;
    try (Connection holder = database.connection()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("INSERT INTO t VALUES (5, 'theirs')");
      writing =
          CompletableFuture.runAsync(
              () -> save(database, "SELECT CAST(id AS int) AS k FROM range(9)", options));
      String cut =
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND application_name = 'backfill sink #0' AND wait_event_type = 'Lock'";
      while (database.count(cut) == 0) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      holder.rollback();
    }
    writing.get(1, TimeUnit.MINUTES);

    assertThat(counted("cut")).isEqualTo("rows=9 inserted=9");
    assertThat(database.count("SELECT count(*) FROM t WHERE v IS NULL")).isEqualTo(9);
    assertThat(database.count("SELECT inserted FROM backfill.stream")).isEqualTo(9);

    save(database, "SELECT CAST(id AS int) + 50 AS k FROM range(9)", options);
    assertThat(counted("cut")).isEqualTo("rows=9 inserted=9");
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(9);
    refused(
        Map.of("stream", "cut", "batch", "6"),
        "stream: batch 7 is in t already, and of batch 6, which comes before it, nothing is known; name a new stream"
            + " for a query that begins anew");
    refused(
        Map.of("stream", "cut", "batch", "7", "mode", "error"),
        "stream: batch 7 of stream cut was written into t in mode ignore, and this is mode error; give each write within"
            + " a batch a stream of its own");
  }

  @Test
  void entriesOfBatchesThatSparkRepeatsNoMoreAreForgotten() throws Exception {
    String batch = "SELECT CAST(id AS int) AS k FROM range(%d)";
    save(database, batch.formatted(1), Map.of("stream", "long", "batch", "1"));
    save(database, batch.formatted(1), Map.of("stream", "other", "batch", "1"));
    database.execute(
        """
        INSERT INTO backfill.stream (stream, target, batch, query, mode, rows, inserted, updated, unchanged, present,
          absent, repeated, rejected, rejections)
        SELECT stream, target, n * 10, query, mode, rows, inserted, updated, unchanged, present, absent, repeated, rejected,
          rejections FROM backfill.stream, generate_series(1, 148) n WHERE stream = 'long'""");

    save(database, batch.formatted(2), Map.of("stream", "long", "batch", "1490"));
    assertThat(database.count("SELECT count(*) FROM backfill.stream WHERE stream = 'long'"))
        .isEqualTo(150);
    save(database, batch.formatted(3), Map.of("stream", "long", "batch", "1500"));
    assertThat(
            database.rows(
                "SELECT stream, count(*), min(batch), max(batch) FROM backfill.stream GROUP BY 1 ORDER BY 1"))
        .hasToString("[[long, 101, 500, 1500], [other, 1, 1, 1]]");

    save(database, batch.formatted(9), Map.of("stream", "long", "batch", "1500"));
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(3);
    refused(
        Map.of("stream", "long", "batch", "490"),
        "stream: batch 1500 is in t already, and of batch 490, which comes before it, nothing is known; name a new"
            + " stream for a query that begins anew");
  }

  private static void refused(Map<String, String> options, String message) {
    assertThatThrownBy(
            () ->
                save(
                    database,
                    TestingSpark.session().range(4).selectExpr("CAST(id AS int) AS k"),
                    options))
        .hasMessage(message);
  }

  @Test
  void whatABatchOfAStreamLacksIsNamed() throws SQLException {
    refused(
        Map.of("batch", "1"),
        "option batch is given without stream; name the rows of the streaming query, as in stream = orders");
    refused(
        Map.of("stream", "s"),
        "option batch is missing; format \"backfill\" needs the number that foreachBatch hands over, where it has stream");
    refused(
        Map.of("stream", "s", "batch", "-1"),
        "option batch must be 0 to 9223372036854775807, got -1");
    refused(
        Map.of("stream", "s", "batch", "1", "writers", "2"),
        "option writers is above 1, and a batch of a stream is written in one transaction; leave writers out");
    for (int time = 0; time < 2; time++) {
      save(
          database,
          "SELECT 1 AS k WHERE false",
          Map.of("stream", "empty", "batch", "0", "counts", "empty"));
      assertThat(counted("empty")).as("neither rows nor a doubt").isEmpty();
    }
    database.execute("DROP SCHEMA IF EXISTS backfill CASCADE");
    String role = "streamer_of_" + database.name();
    database.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'streamer'",
        "GRANT SELECT, INSERT ON t TO " + role);
    try {
      refused(
          Map.of("stream", "s", "batch", "1", "user", role, "password", "streamer"),
          "stream: no right to keep a ledger of batches in schema backfill; GRANT CREATE ON DATABASE \"%s\" TO \"%s\""
              .formatted(database.name(), role));
      database.execute("CREATE SCHEMA mine", "GRANT CREATE, USAGE ON SCHEMA mine TO " + role);
      save(
          database,
          "SELECT 1 AS k",
          Map.of(
              "stream", "s", "batch", "1", "user", role, "password", "streamer", "ledger", "mine"));
      assertThat(database.count("SELECT count(*) FROM mine.stream")).isOne();
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }
}
