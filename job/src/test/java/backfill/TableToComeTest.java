package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps that fill a table which an earlier step of the same plan makes. */
class TableToComeTest {
  private static final String PLAN =
      """
      name = made
      sources { odd { table = n, where = "i % 2 = 1" }, small { table = n, where = "i < 5" } }
      steps = [
        { name = make, kind = ddl, creates = t, statement = "CREATE TABLE t (i int PRIMARY KEY)" }
        { name = first, kind = rows, mode = insert-missing, query = "SELECT i FROM odd"
          into = { table = t, key = [i] } }
        { name = second, kind = rows, mode = insert-missing, query = "SELECT i FROM small"
          into = { table = t, key = [i] } } ]
      """;

  @TempDir Path directory;

  /** The second would find what the first adds; a count without that would be wrong. */
  @Test
  void theSecondStepIsNotCountedByADryRunWhichSaysWhy() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute("CREATE TABLE n (i int)", "INSERT INTO n SELECT generate_series(1, 10)");
      String plan = Files.writeString(directory.resolve("made.conf"), PLAN).toString();

      TestingRun dry = TestingRun.of(database.environment(), "plan", plan);

      assertThat(dry.code()).as(dry.said()).isZero();
      assertThat(dry.counts("first", "planned", "alreadyPresent", "toInsert"))
          .isEqualTo(RunTest.numbers(5, 0, 5));
      assertThat(dry.step("second").path("planned").isNull()).isTrue();
      assertThat(dry.step("second").path("toInsert").isNull()).isTrue();
      assertThat(dry.report().path("warnings").toString())
          .contains(
              "step second: its rows can only be counted once it runs: t is made by step make");

      TestingRun run = TestingRun.of(database.environment(), "run", plan);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("second", "planned", "alreadyPresent", "inserted"))
          .isEqualTo(RunTest.numbers(4, 2, 2));
      assertThat(database.count("SELECT count(*) FROM t")).isEqualTo(7);
    }
  }
}
