package backfill.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.util.JsonProtocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code spark.read.format("backfill")} reads, what it refuses, and what it does not show. */
class LoadedTableTest {
  private static final String PASSWORD = "trusted";

  private static TestingDatabase database;
  private static String reader;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    reader = "reader_" + UUID.randomUUID().toString().replace("-", "");
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, name text, \"Odd.Name\" int)",
        "INSERT INTO t VALUES (1, 'a', 10), (2, NULL, 20), (3, 'c', NULL)",
        "CREATE VIEW seen AS SELECT * FROM t",
        "CREATE TABLE parts (id int, k int) PARTITION BY LIST (k)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)",
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2)",
        "INSERT INTO parts SELECT i, 1 + i % 2 FROM generate_series(1, 10) i",
        "CREATE TABLE local (id int, owner regrole)",
        "CREATE TABLE hidden (id int)",
        "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY",
        "CREATE ROLE " + reader + " LOGIN PASSWORD '" + PASSWORD + "'",
        "GRANT SELECT ON hidden TO " + reader,
        "GRANT SELECT (id) ON t TO " + reader);
  }

  @AfterAll
  static void drop() throws SQLException {
    database.execute("DROP OWNED BY " + reader, "DROP ROLE " + reader);
    database.close();
  }

  private static Dataset<Row> load(String table, Map<String, String> more) {
    return TestingSpark.session()
        .read()
        .format("backfill")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .option("dbtable", table)
        .options(more)
        .load();
  }

  @Test
  void columnsThatAreNeededAreReadAndRowsAreCountedWithoutAny() {
    Dataset<Row> t = load("t", Map.of());

    assertThat(t.count()).isEqualTo(3);
    assertThat(t.select(functions.col("`Odd.Name`")).where("id = 2").head().getInt(0))
        .isEqualTo(20);
    assertThat(t.where("`Odd.Name` > 5 AND name = 'a'").collectAsList()).hasToString("[[1,a,10]]");
    assertThat(t.select("id").queryExecution().executedPlan().toString())
        .contains("BatchScan t[id#")
        .doesNotContain("name");
    assertThat(load("t", Map.of("columns", "id, \"Odd.Name\"")).columns())
        .containsExactly("id", "Odd.Name");
    assertThat(load("parts", Map.of()).groupBy("k").count().orderBy("k").collectAsList())
        .hasToString("[[1,5], [2,5]]");
  }

  @Test
  void viewOfSparkSqlReadsItToo() {
    TestingSpark.session()
        .sql(
            "CREATE OR REPLACE TEMPORARY VIEW source_view USING backfill OPTIONS (url '%s', user '%s', password '%s', dbtable 't')"
                .formatted(database.url(), database.user(), database.password()));
    assertThat(TestingSpark.session().sql("SELECT sum(id) FROM source_view").head().getLong(0))
        .isEqualTo(6);
    TestingSpark.session().catalog().dropTempView("source_view");
  }

  @Test
  void roleNeedsNoRightOnColumnsThatAreNotRead() {
    Map<String, String> theirs = Map.of("user", reader, "password", PASSWORD);

    assertThat(load("t", Map.of("user", reader, "password", PASSWORD, "columns", "id")).count())
        .isEqualTo(3);
    assertThatThrownBy(() -> load("t", theirs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("GRANT SELECT (")
        .hasMessageContaining("\"" + reader + "\"");
    assertThatThrownBy(() -> load("hidden", theirs))
        .hasMessageStartingWith("dbtable: row security of hidden would hide rows from us");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seen | | dbtable: seen is a view; only a table can be read in ctid ranges and held in ACCESS SHARE. Read the"
            + " tables beneath it, and compute in Spark what it selects",
        "nowhere | | dbtable: table nowhere does not exist in the search path (\"$user\", public)",
        "local | | dbtable: local.owner is regrole, whose values mean something in one database only, or cannot be"
            + " written; leave it out, or use a column of another type. Option columns names those that are to be read",
        "t | columns=id,nam | columns: t has no column \"nam\"; did you mean name?",
        "t | texts=nam | option texts names nam, which is none of the columns that are read of t: id, name, Odd.Name",
        "t | partition=3 | unknown option partition (did you mean partitions?) for format \"backfill\"; it knows url, user,"
            + " password, dbtable, columns, texts, partitions, fetch-rows, lock-timeout, retry-for, snapshot-max-age",
        "t | partitions=0 | option partitions must be 1 to 1000, got 0",
      })
  void whatCannotBeReadIsRefusedByName(String table, String option, String message) {
    Map<String, String> more =
        option == null ? Map.of() : Map.of(option.split("=")[0], option.split("=")[1]);

    assertThatThrownBy(() -> load(table, more))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void schemaOfTheCallersOwnIsRefused() {
    assertThatThrownBy(
            () ->
                TestingSpark.session()
                    .read()
                    .format("backfill")
                    .schema("id bigint")
                    .option("dbtable", "t")
                    .load())
        .hasMessage(
            "format \"backfill\" reads a table in the columns and types that it has; leave out schema, and name the columns in option columns");
  }

  @Test
  void poolerInTransactionModeIsNoHindrance() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 6)) {
      Dataset<Row> t = load("t", Map.of("url", pooler.url(database.url())));
      assertThat(t.join(t.as("b"), "id").count()).isEqualTo(3);
    }
  }

  @Test
  void passwordIsInNoPlanAndInNoEvent() throws Exception {
    String secret = "never-to-be-seen";
    Queue<String> events = new ConcurrentLinkedQueue<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart event) {
            events.add(JsonProtocol.sparkEventToJsonString(event));
          }

          @Override
          public void onOtherEvent(SparkListenerEvent event) {
            if (event.logEvent()) {
              events.add(JsonProtocol.sparkEventToJsonString(event));
            }
          }
        };
    TestingSpark.session().sparkContext().addSparkListener(listener);
    try {
      Dataset<Row> t = load("t", Map.of("password", secret)).where("id > 1").select("name");
      assertThat(t.collectAsList()).hasSize(2);
      for (String mode : List.of("extended", "formatted", "codegen", "cost")) {
        assertThat(
                t.queryExecution()
                    .explainString(org.apache.spark.sql.execution.ExplainMode.fromString(mode)))
            .doesNotContain(secret);
      }
      assertThat(t.queryExecution().logical().toJSON() + t.queryExecution().analyzed().toJSON())
          .doesNotContain(secret);
      TestingSpark.session().sparkContext().listenerBus().waitUntilEmpty();
      assertThat(events).isNotEmpty().noneMatch(event -> event.contains(secret));
    } finally {
      TestingSpark.session().sparkContext().removeSparkListener(listener);
    }
  }
}
