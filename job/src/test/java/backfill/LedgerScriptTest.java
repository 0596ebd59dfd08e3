package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingPrintedSql;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ledger that somebody made beforehand, by what {@code check --sql} prints. */
class LedgerScriptTest {
  @TempDir Path directory;
  private TestingDatabase database;
  private String role;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    role = "role_of_" + database.name();
    database.execute(
        "CREATE TABLE items (id int PRIMARY KEY, state text)",
        "INSERT INTO items SELECT n FROM generate_series(1, 50) n",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'",
        "GRANT SELECT, UPDATE ON items TO " + role);
  }

  @AfterEach
  void drop() throws SQLException {
    database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    database.close();
  }

  @Test
  void isEnoughForARoleThatMayCreateNothing() throws Exception {
    String plan =
        Files.writeString(
                directory.resolve("marks.conf"),
                """
                name = marks
                ledger.schema = "Odd \\"one\\""
                steps = [{ name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x'" } }]
                """)
            .toString();
    Map<String, String> environment =
        Map.of(
            "BACKFILL_URL", database.url(), "BACKFILL_USER", role, "BACKFILL_PASSWORD", "trusted");
    assertThat(TestingRun.of(environment, "run", plan).code()).isEqualTo(3);

    TestingRun check = TestingRun.bare(environment, "check", plan, "--sql");
    assertThat(check.code()).isEqualTo(3);
    List<TestingPrintedSql> printed = TestingPrintedSql.of(check.printed());
    assertThat(printed)
        .isNotEmpty()
        .containsAll(
            TestingPrintedSql.of(
                    TestingRun.bare(database.environment(), "check", plan, "--sql").printed())
                .stream()
                .filter(statement -> statement.heading().startsWith("-- ledger: "))
                .toList());
    for (TestingPrintedSql statement : printed) {
      if (statement.heading().startsWith("-- ledger: ")) {
        database.execute(statement.sql());
      }
    }
    for (String line : TestingRun.bare(environment, "check", plan, "--grants").printed()) {
      if (line.startsWith("GRANT")) {
        database.execute(line);
      }
    }

    TestingRun run = TestingRun.of(environment, "run", plan);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.count("SELECT count(*) FROM \"Odd \"\"one\"\"\".batch")).isOne();
  }

  @Test
  void isNotPrintedWithoutALedger() throws Exception {
    String plan =
        Files.writeString(
                directory.resolve("marks.conf"),
                """
                name = marks
                ledger = off
                steps = [{ name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x'" } }]
                """)
            .toString();
    assertThat(TestingRun.bare(database.environment(), "check", plan, "--sql").printed())
        .noneMatch(line -> line.startsWith("-- ledger: ") || line.startsWith("CREATE"));
  }
}
