package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a run added and its sources revoked before it verified is taken back, if the plan says so.
 */
class RevokedMeanwhileTest {
  private static final String PLAN =
      """
      name = revoked-test
      allow-delete = true
      on-revoked = remove
      sources { grants = grants, seats = seats }
      steps = [
        { name = pairs, kind = pairs
          direct = [{ from = grants, object = o, user = u }]
          into = { table = may, object = o, user = u } }
        { name = levels, kind = rows, mode = upsert
          query = "SELECT id, level, :now AS at FROM seats", into = { table = seat, key = [id] }, touch = [at] }
        { name = last, kind = rows, mode = insert-missing
          query = "SELECT id FROM seats", into = { table = last, key = [id] } } ]
      """;

  @TempDir private Path directory;

  @Test
  void onlyRowsThatTheRunAddedAndThatAreAsItWroteThemAreTakenBack() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE grants (o int, u int)",
          "CREATE TABLE may (o int, u int, PRIMARY KEY (o, u))",
          "CREATE TABLE ref (o int, u int, FOREIGN KEY (o, u) REFERENCES may)",
          "CREATE TABLE seats (id int, level int)",
          "CREATE TABLE seat (id int PRIMARY KEY, level int, at timestamptz)",
          "CREATE TABLE last (id int PRIMARY KEY)",
          "INSERT INTO grants SELECT o, 1 FROM generate_series(1, 5) o",
          "INSERT INTO grants VALUES (7, 7)",
          "INSERT INTO may VALUES (7, 7)",
          "INSERT INTO seats SELECT i, i FROM generate_series(1, 9) i",
          "INSERT INTO seat VALUES (9, 0)");
      Path plan = Files.writeString(directory.resolve("plan.conf"), PLAN);
      try (TestingHeldRun held =
          TestingHeldRun.writing(
              database,
              "last",
              options ->
                  TestingRun.of(
                      database.environment(),
                      Stream.concat(Stream.of("run", plan.toString()), Stream.of(options))
                          .toArray(String[]::new)))) {
        TestingRun run =
            held.meanwhile(
                    "DELETE FROM grants WHERE o IN (1, 2, 7)",
                    "INSERT INTO ref VALUES (2, 1)",
                    "DELETE FROM seats WHERE id IN (4, 5, 9)",
                    "UPDATE seats SET level = 60 WHERE id = 6",
                    "UPDATE seat SET at = 'epoch' WHERE id = 5")
                .release();

        assertThat(run.code()).as(run.said()).isZero();
        assertThat(run.counts("pairs", "revokedMeanwhile", "revokedRemoved", "missing"))
            .isEqualTo(RunTest.numbers(2, 1, 0));
        assertThat(run.step("pairs").path("revokedLeft"))
            .hasToString("[{\"key\":[\"2\",\"1\"],\"reason\":\"rows of ref refer to it\"}]");
        assertThat(database.rows("SELECT o, u FROM may ORDER BY 1"))
            .isEqualTo(
                List.of(List.of(2, 1), List.of(3, 1), List.of(4, 1), List.of(5, 1), List.of(7, 7)));
        assertThat(run.counts("levels", "revokedMeanwhile", "revokedRemoved"))
            .as("those of 4, 5, 6, whose seat has another level now, and 9, which was there")
            .isEqualTo(RunTest.numbers(4, 1));
        assertThat(run.step("levels").path("revokedLeft"))
            .hasToString("[{\"key\":[\"5\"],\"reason\":\"was changed since\"}]");
        assertThat(database.rows("SELECT id, level FROM seat WHERE id > 3 ORDER BY 1"))
            .isEqualTo(
                List.of(List.of(5, 5), List.of(6, 6), List.of(7, 7), List.of(8, 8), List.of(9, 9)));
        assertThat(run.report().path("warnings").toString())
            .contains(
                "verify pairs: of 2 rows that this run wrote and the sources revoked meanwhile, 1 taken back, 1 left;"
                    + " left first: (2, 1) rows of ref refer to it");
        assertThat(
                database.rows(
                    "SELECT step, event, changed FROM backfill.batch WHERE step LIKE '% revoked' ORDER BY 1"))
            .isEqualTo(
                List.of(
                    List.of("last revoked", "DELETE", 3L),
                    List.of("levels revoked", "DELETE", 1L),
                    List.of("pairs revoked", "DELETE", 1L)));

        database.execute("DELETE FROM ref");
        String runId = run.report().path("runId").asText();
        TestingRun undone = TestingRun.of(database.environment(), "undo", runId, "--execute");
        assertThat(database.rows("SELECT o, u FROM may"))
            .as(undone.said())
            .isEqualTo(List.of(List.of(7, 7)));
        assertThat(database.rows("SELECT id FROM last")).isEmpty();
      }
    }
  }
}
