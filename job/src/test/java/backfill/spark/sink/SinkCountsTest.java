package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.spark.engine.WrittenRowsMetric;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSink;
import backfill.testing.TestingSpark;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.ui.SQLAppStatusStore;
import org.apache.spark.sql.execution.ui.SQLExecutionUIData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** What a write by the connector says that it did, held against the table. */
class SinkCountsTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a int PRIMARY KEY CHECK (a <> 13), b text)",
        "INSERT INTO t VALUES (1, 'theirs'), (2, 'theirs')");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** Without a mode: that is append. */
  private void save(Dataset<Row> rows, Map<String, String> options) {
    TestingSink.save(database, rows, options);
  }

  private static Dataset<Row> rows(String query) {
    return TestingSpark.session().sql(query);
  }

  private static List<Object> counts(String view) {
    return CollectionConverters.asJava(
        TestingSpark.session()
            .table(view)
            .selectExpr("rows", "inserted", "present", "repeated", "rejected", "exact")
            .first()
            .toSeq());
  }

  private static List<String> rejections(String view) {
    return TestingSpark.session()
        .sql(
            "SELECT concat_ws('|', array_join(r.key, ','), r.reason, r.sqlstate, r.constraint) AS r FROM "
                + view
                + " LATERAL VIEW explode(rejections) AS r ORDER BY 1")
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  @Test
  void viewHasWhatWasDone() throws SQLException {
    save(
        rows(
            """
            SELECT * FROM VALUES (1, 'ours'), (3, 'x'), (3, 'x'), (4, 'x'), (13, 'bad'),
              (5, 'one'), (5, 'two'), (5, 'one') AS v(a, b)"""),
        Map.of("counts", "done", "rejected-rows", "4"));

    assertThat(database.rows("SELECT * FROM t ORDER BY a"))
        .containsExactly(
            List.of(1, "theirs"), List.of(2, "theirs"), List.of(3, "x"), List.of(4, "x"));
    assertThat(counts("done")).containsExactly(8L, 2L, 1L, 1L, 4L, true);
    assertThat(rejections("done"))
        .containsExactly(
            "13|new row for relation \"t\" violates check constraint \"t_a_check\"|23514|t_a_check",
            "5|rows that differ have this key",
            "5|rows that differ have this key",
            "5|rows that differ have this key");
  }

  @Test
  void oneMoreThanAllowedIsRefusedAndNamedAllTheSame() throws SQLException {
    assertThatThrownBy(
            () ->
                save(
                    rows("SELECT * FROM VALUES (13, 'bad'), (14, 'good'), (NULL, 'x') AS v(a, b)"),
                    Map.of("counts", "refused", "rejected-rows", "1", "writers", "1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "t: 2 rows were rejected, and option rejected-rows allows 1; the first one, (null): null value in column"
                + " \"a\" of relation \"t\" violates not-null constraint (SQLSTATE 23502)");

    assertThat(counts("refused")).containsExactly(3L, 1L, 0L, 0L, 2L, true);
    assertThat(rejections("refused")).hasSize(2).first().asString().startsWith("13|");
    assertThat(database.count("SELECT count(*) FROM t WHERE a = 14")).isOne();
  }

  @Test
  void limitHoldsForAllWritersTogether() {
    database("CREATE TABLE odd (a int PRIMARY KEY CHECK (a % 2 = 0))");
    assertThatThrownBy(
            () ->
                save(
                    TestingSpark.session().range(0, 6, 1, 2).selectExpr("CAST(id AS int) AS a"),
                    Map.of("dbtable", "odd", "rejected-rows", "2", "distribution", "none")))
        .hasMessageStartingWith(
            "odd: 3 rows were rejected, and option rejected-rows allows 2; the first one, (");
  }

  private void database(String sql) {
    try {
      database.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void metricHasEachTasksLastBatch() throws Exception {
    long before = lastExecution();
    save(
        TestingSpark.session().range(0, 1000, 1, 1).selectExpr("CAST(id AS int) AS a"),
        Map.of("distribution", "none", "rejected-rows", "1"));

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(1000 - 1);
    SQLAppStatusStore store = TestingSpark.session().sharedState().statusStore();
    for (int i = 0; lastExecution() == before && i < 100; i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(executions().stream().filter(execution -> execution.executionId() > before))
        .anySatisfy(
            execution -> {
              for (int i = 0; execution.completionTime().isEmpty() && i < 100; i++) {
                TimeUnit.MILLISECONDS.sleep(50);
              }
              Map.of(
                      WrittenRowsMetric.DESCRIPTION,
                      1000L,
                      new InsertedMetric().description(),
                      997L,
                      new PresentMetric().description(),
                      2L,
                      new RejectedMetric().description(),
                      1L)
                  .forEach(
                      (metric, value) ->
                          assertThat(shown(store, execution, metric))
                              .as(metric)
                              .isEqualTo(value.toString()));
            });
  }

  private static String shown(
      SQLAppStatusStore store, SQLExecutionUIData execution, String metric) {
    return execution.metrics().find(each -> each.name().equals(metric)).isEmpty()
        ? "none"
        : store
            .executionMetrics(execution.executionId())
            .apply(
                execution.metrics().find(each -> each.name().equals(metric)).get().accumulatorId());
  }

  /** Its number: Spark forgets old executions, so that how many it knows says nothing. */
  private static long lastExecution() {
    return executions().stream().mapToLong(SQLExecutionUIData::executionId).max().orElse(-1);
  }

  private static List<SQLExecutionUIData> executions() {
    return CollectionConverters.asJava(
        TestingSpark.session().sharedState().statusStore().executionsList());
  }
}
