package backfill.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.ExplainMode;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What {@code spark.read.format("backfill")} reads is of one moment, and the session that holds it
 * is gone once nothing reads any more.
 */
class SourceSnapshotTest {
  private static final String SESSIONS =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backfill read%' AND datname = current_database()";
  private static final long ROWS = 4_500;

  private static TestingDatabase database;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, pad text)",
        "INSERT INTO t SELECT i, 0, repeat('x', 1900) FROM generate_series(1, " + ROWS + ") i",
        // Its first partition has rows, whatever is updated.
        "CREATE TABLE still AS TABLE t");
  }

  @AfterAll
  static void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void reset() throws SQLException {
    database.execute("UPDATE t SET v = 0 WHERE v <> 0");
  }

  @AfterEach
  void noSessionIsLeft() throws SQLException {
    awaitSessions(0);
  }

  private static void awaitSessions(int expected) throws SQLException {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (database.count(SESSIONS) != expected && System.nanoTime() < end) {
      database.rows("SELECT pg_sleep(0.02)");
    }
    assertThat(
            database.rows(
                "SELECT application_name, state, query FROM pg_stat_activity"
                    + " WHERE application_name LIKE 'backfill read%' AND datname = current_database()"))
        .hasSize(expected);
  }

  private static Dataset<Row> load() {
    return load(TestingSpark.session(), Map.of());
  }

  private static Dataset<Row> load(SparkSession spark, Map<String, String> options) {
    return spark
        .read()
        .format("backfill")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .option("dbtable", "t")
        .option("partitions", 4)
        .options(options)
        .load();
  }

  /** Changes every row once a task has read the first. */
  private static void changeAll() throws SQLException {
    database.execute("UPDATE t SET v = v + 1");
  }

  @Test
  void partitionsSeeOneMomentAndSoDoScansOfOneLoad() throws SQLException {
    Dataset<Row> t = load();
    assertThat(t.rdd().getNumPartitions()).isEqualTo(4);
    awaitSessions(0);

    // The first partition's rows are read, then all rows change, then the others are read.
    Iterator<Row> rows = t.select("id", "v").toLocalIterator();
    int first = rows.next().getInt(1);
    changeAll();
    long read = 1;
    long sum = first;
    while (rows.hasNext()) {
      sum += rows.next().getInt(1);
      read++;
    }
    assertThat(List.of(read, sum)).containsExactly(ROWS, 0L);
    awaitSessions(0);

    Dataset<Row> joined =
        t.as("a")
            .join(load().as("other"), "id")
            .join(t.as("b"), "id")
            .where("a.v <> b.v OR a.v <> other.v");
    assertThat(joined.count()).isZero();
    assertThat(t.agg(functions.sum("v")).head().getLong(0)).isEqualTo(ROWS);
  }

  @Test
  void queryThatIsExecutedAgainSeesALaterMoment() throws SQLException {
    Dataset<Row> sums = load().select("v").where("id <= 3");
    assertThat(sums.collectAsList()).hasSize(3).allMatch(row -> row.getInt(0) == 0);
    awaitSessions(0);
    changeAll();

    assertThat(sums.collectAsList()).hasSize(3).allMatch(row -> row.getInt(0) == 1);
    assertThat(sums.collectAsList()).hasSize(3);
  }

  @Test
  void planningAndExplainingTakeNoSnapshot() throws SQLException {
    Dataset<Row> t = load();
    assertThat(
            t.where("v = 1")
                .groupBy("v")
                .count()
                .queryExecution()
                .explainString(ExplainMode.fromString("formatted")))
        .contains("PushedFilters: [(\"v\" IS NOT NULL), (\"v\" = '1')], ctid ranges: 4");
    assertThat(database.count(SESSIONS)).isZero();
  }

  @Test
  void fewRowsLeaveNoSessionBehind() throws SQLException {
    Dataset<Row> t = load();
    assertThat(t.takeAsList(1)).hasSize(1);
    awaitSessions(0);
    assertThat(t.limit(7).collectAsList()).hasSize(7);
    assertThat(t.count()).isEqualTo(ROWS);
    assertThat(t.where("v = 5").isEmpty()).isTrue();
  }

  @Test
  void queryThatFailsLeavesNoSessionBehind() {
    Dataset<Long> failing =
        load()
            .map(
                (MapFunction<Row, Long>)
                    row -> {
                      throw new IllegalStateException("no " + row.getInt(0));
                    },
                Encoders.LONG());
    assertThatThrownBy(failing::collectAsList).rootCause().hasMessageStartingWith("no ");
  }

  @Test
  void queryThatIsCancelledLeavesNoSessionBehind() throws Exception {
    Dataset<Row> t = load(TestingSpark.session(), Map.of("dbtable", "still"));
    var context = TestingSpark.session().sparkContext();
    CompletableFuture<Throwable> query =
        CompletableFuture.supplyAsync(
            () -> {
              context.addJobTag("slow");
              return catchThrowable(
                  () ->
                      t.map(
                              (MapFunction<Row, Long>)
                                  row -> {
                                    Thread.sleep(50);
                                    return 1L;
                                  },
                              Encoders.LONG())
                          .count());
            });
    awaitSessionsAtLeast(3);
    context.cancelJobsWithTag("slow");

    assertThat(query.get(20, TimeUnit.SECONDS)).hasMessageContaining("cancelled");
  }

  private static void awaitSessionsAtLeast(int expected) throws SQLException {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (database.count(SESSIONS) < expected && System.nanoTime() < end) {
      database.rows("SELECT pg_sleep(0.02)");
    }
  }

  @Test
  void rowsOfTwoMomentsAreNeverSetSideBySide() throws SQLException {
    SparkSession plain = TestingSpark.session().newSession();
    // Else a cache is filled at once.
    plain.conf().set("spark.sql.adaptive.enabled", "false");
    Dataset<Row> cached = load(plain, Map.of("dbtable", "still")).select("id").persist();
    try {
      assertThat(cached.takeAsList(1)).hasSize(1);
      awaitSessions(0);

      assertThatThrownBy(cached::count)
          .hasMessageContaining("a second snapshot would set rows of two moments side by side")
          .hasMessageContaining("Load the table anew; and fill a cache at once, as by count()");
    } finally {
      cached.unpersist();
    }

    Dataset<Row> whole = load().select("id", "v").persist();
    try {
      assertThat(whole.count()).isEqualTo(ROWS);
      awaitSessions(0);
      changeAll();
      assertThat(whole.agg(functions.min("v"), functions.max("v")).head().toString())
          .isEqualTo("[0,0]");
    } finally {
      whole.unpersist();
    }
  }

  @Test
  void snapshotThatGetsTooOldEndsTheQuery() {
    Dataset<Row> slow = load(TestingSpark.session(), Map.of("snapshot-max-age", "1"));
    assertThatThrownBy(
            () ->
                slow.map(
                        (MapFunction<Row, Long>)
                            row -> {
                              Thread.sleep(10);
                              return 1L;
                            },
                        Encoders.LONG())
                    .count())
        .hasMessageContaining(
            "the snapshot of t was not read within 1 second (option snapshot-max-age)");
  }
}
