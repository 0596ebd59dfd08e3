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
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SnapshotReaderTest {
  private static final List<String> COLUMNS = List.of("id", "Group \"x\"");

  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, \"Group \"\"x\"\"\" bigint, secret text)",
        "INSERT INTO t SELECT i, 10 * i, repeat('x', 200) FROM generate_series(1, 30000) i");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  @Test
  void everyRangeOfATableIsReadOnce() throws SQLException {
    Database all = Database.at(database.url(), database.user(), database.password(), seconds(10));
    assertThat(table(all).blocks()).isGreaterThan(512);

    assertThat(sums(all, null)).isEqualTo(new Sums(3, 30000, 450015000L, 4500150000L));
    assertThat(sums(all, "id <= 3 -- three"))
        .as("the condition is the server's")
        .isEqualTo(new Sums(3, 3, 6, 60));
  }

  @Test
  void aRoleWithRightsOnTheColumnsAloneReadsThemOverOneConnection() throws SQLException {
    String role = "reader_of_" + database.name();
    database.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'reads'",
        "GRANT SELECT (id, \"Group \"\"x\"\"\") ON t TO " + role);
    try {
      Database columns = Database.at(database.url(), role, "reads", seconds(10));

      assertThat(sums(columns, null)).isEqualTo(new Sums(1, 30000, 450015000L, 4500150000L));
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void theServerScansNoMoreThanARange() throws SQLException {
    Database all = Database.at(database.url(), database.user(), database.password(), seconds(10));
    TableScan scan =
        new TableScan(
            TestingSpark.session(),
            all,
            new Settings.Read(3, 1000, 100, Duration.ofMinutes(1), Duration.ofMinutes(30)),
            "test");

    List<String> statements = scan.statements(table(all), COLUMNS, "secret <> ''");

    assertThat(statements).hasSize(3);
    for (String statement : statements) {
      assertThat(database.rows("EXPLAIN " + statement).toString()).contains("Tid Range Scan");
    }
  }

  private record Sums(long statements, long rows, long ids, long groups) {}

  private static Sums sums(Database as, String where) throws SQLException {
    try (Snapshot snapshot =
        Snapshot.export(as, "test", List.of(table(as)), seconds(2), seconds(10))) {
      SnapshotReader reader =
          new SnapshotReader(
              TestingSpark.session(),
              as,
              snapshot,
              new Settings.Read(3, 1000, 100, Duration.ofMinutes(1), Duration.ofMinutes(30)),
              "test",
              LaidOver.NOTHING);
      Dataset<Row> rows = reader.read(table(as), COLUMNS, where);
      assertThat(rows.columns()).containsExactlyElementsOf(COLUMNS);
      Row sums = rows.selectExpr("count(*)", "sum(id)", "sum(`Group \"x\"`)").first();
      return new Sums(reader.statements(), sums.getLong(0), sums.getLong(1), sums.getLong(2));
    }
  }

  private static Table table(Database as) throws SQLException {
    return TestingTables.table(as, "t");
  }

  private static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }
}
