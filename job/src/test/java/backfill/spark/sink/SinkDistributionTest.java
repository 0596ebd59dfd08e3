package backfill.spark.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the rows are split among writers, and that a wrong split is refused. */
class SinkDistributionTest {
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (a bigint PRIMARY KEY)",
        "CREATE TABLE seen (name text, pid int, others bigint)",
        """
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO seen SELECT current_setting('application_name'), pg_backend_pid(), count(*)
              FROM pg_stat_activity
              WHERE datname = current_database() AND starts_with(application_name, 'backfill sink #');
            RETURN NULL;
          END $$
        """,
        "CREATE TRIGGER note AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note()");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private DataFrameWriter<Row> writer(Dataset<Row> rows, String distribution) {
    return rows.write()
        .format("backfill")
        .mode("append")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .option("dbtable", "t")
        .option("distribution", distribution);
  }

  /** 0 to 999, in this many ascending partitions. */
  private static Dataset<Row> ascending(int partitions) {
    return TestingSpark.session().range(0, 1000, 1, partitions).toDF("a");
  }

  private static Dataset<Row> shuffled(int partitions) {
    return TestingSpark.session()
        .sql("SELECT id * 7919 % 1000 AS a FROM range(1000)")
        .repartition(partitions);
  }

  @Test
  void rangeTakesAnyInputWithAsManyConnectionsAsWriters() throws SQLException {
    writer(shuffled(8), "range").option("writers", "2").option("rows-per-batch", "50").save();

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(1000);
    assertThat(database.rows("SELECT DISTINCT name FROM seen ORDER BY name"))
        .containsExactly(List.of("backfill sink #0"), List.of("backfill sink #1"));
    assertThat(database.count("SELECT max(others) FROM seen")).isLessThanOrEqualTo(2);
    assertThat(database.count("SELECT count(DISTINCT pid) FROM seen")).isEqualTo(2);
    assertThat(database.count("SELECT count(*) FROM seen")).isBetween(20L, 22L);
  }

  @Test
  void oneWriterIsOneConnection() throws SQLException {
    writer(shuffled(8), "range").option("writers", "1").option("rows-per-batch", "100").save();

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(1000);
    assertThat(database.count("SELECT count(DISTINCT pid) FROM seen")).isOne();
    assertThat(database.count("SELECT count(*) FROM seen")).isEqualTo(10);
  }

  @Test
  void noConnectionIsLeftOpen() throws Exception {
    writer(shuffled(4), "range").save();

    try (Connection connection = database.connection()) {
      assertThat(connection.isValid(5)).isTrue();
      long end = System.nanoTime() + 10_000_000_000L;
      while (database.count(
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                      + " AND starts_with(application_name, 'backfill')")
              > 0
          && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(
              database.count(
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                      + " AND starts_with(application_name, 'backfill')"))
          .isZero();
    }
  }

  @Test
  void noneTakesAscendingPartitionsAsTheyAre() throws SQLException {
    writer(ascending(3), "none").option("writers", "3").save();

    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(1000);
    assertThat(database.count("SELECT count(DISTINCT name) FROM seen")).isEqualTo(3);
  }

  @Test
  void noneRefusesAPartitionThatDoesNotAscend() {
    Dataset<Row> descending =
        TestingSpark.session().range(0, 10, 1, 1).toDF("a").selectExpr("9 - a AS a").coalesce(1);

    assertThatThrownBy(() -> writer(descending, "none").save())
        .hasMessage(
            "key [8] comes after [9]; with distribution = none each partition must ascend by the key");
  }

  @Test
  void noneRefusesPartitionsThatOverlap() {
    Dataset<Row> overlapping =
        TestingSpark.session().range(0, 100, 1, 2).toDF("a").selectExpr("a % 50 AS a");

    assertThatThrownBy(() -> writer(overlapping, "none").save())
        .hasMessage(
            "two partitions overlap: one ends with key [49], another begins with [0]; with distribution = none the"
                + " input must be split into disjoint ranges of the key");
  }

  @Test
  void noneRefusesMorePartitionsThanWriters() throws SQLException {
    assertThatThrownBy(() -> writer(ascending(3), "none").option("writers", "2").save())
        .hasMessage(
            "the input has 3 partitions and writers is 2: with distribution = none each partition has a connection;"
                + " coalesce the input, raise writers, or leave distribution at range");
    assertThat(database.count("SELECT count(*) FROM t")).isZero();
  }

  @Test
  void batchThatFailsIsNamedWithTheServersWords() throws SQLException {
    database.execute("ALTER TABLE t ADD CHECK (a < 500)");

    assertThatThrownBy(() -> writer(ascending(1), "none").option("rows-per-batch", "250").save())
        .hasMessage(
            "t: 250 rows were rejected, and option rejected-rows allows 0; the first one, (500): new row for relation"
                + " \"t\" violates check constraint \"t_a_check\" (SQLSTATE 23514)");
    assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(500);
  }
}
