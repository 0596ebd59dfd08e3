package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Settings;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TestingTables;
import backfill.postgres.server.Database;
import backfill.postgres.snapshot.Snapshot;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Spark shows of a read to anybody who opens its pages. */
class ExplainTest {
  private static final String MARKER = "hunter2-is-the-password";
  private static final String ROLE = "role_" + UUID.randomUUID().toString().replace("-", "");

  @ParameterizedTest
  @ValueSource(strings = {"variable", "parameter"})
  void planOfAReadDoesNotShowThePassword(String kept) throws Exception {
    try (TestingDatabase testing = TestingPostgres.shared().createDatabase()) {
      testing.execute(
          "CREATE TABLE t (a int PRIMARY KEY)",
          "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + MARKER + "'",
          "GRANT SELECT ON t TO " + ROLE);
      Database database = kept.equals("variable") ? variable(testing) : parameter(testing);
      Duration second = Duration.ofSeconds(1);
      Table table = TestingTables.table(database, "t");
      try (Snapshot snapshot = Snapshot.export(database, "test", List.of(table), second, second)) {
        Dataset<Row> rows =
            new SnapshotReader(
                    TestingSpark.session(),
                    database,
                    snapshot,
                    new Settings.Read(1, 10, 10, Duration.ofMinutes(1), Duration.ofMinutes(30)),
                    "test",
                    LaidOver.NOTHING)
                .read(table, List.of("a"), null);

        assertThat(rows.queryExecution().toString())
            .contains("JDBCRelation")
            .doesNotContain(MARKER);
        assertThat(rows.queryExecution().analyzed().toJSON()).doesNotContain(MARKER);
      } finally {
        testing.execute("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
      }
    }
  }

  private static Database variable(TestingDatabase testing) {
    return database(
        Map.of("BACKFILL_URL", testing.url(), "BACKFILL_USER", ROLE, "BACKFILL_PASSWORD", MARKER));
  }

  private static Database parameter(TestingDatabase testing) {
    return database(
        Map.of("BACKFILL_URL", testing.url() + "?user=" + ROLE, "BACKFILL_PASSWORD", MARKER));
  }

  private static Database database(Map<String, String> environment) {
    return Database.fromEnvironment("BACKFILL", environment, Duration.ofSeconds(5));
  }
}
