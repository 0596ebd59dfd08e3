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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What others have changed, and not committed, as an undo comes to it: the undo waits, and then
 * looks at each row as it is.
 */
class UndoMeanwhileTest {
  private static final String PLAN =
      """
      name = undo-meanwhile
      undo = on
      allow-delete = true
      sources { wanted = wanted, flags = flags }
      steps = [
        { name = items, kind = rows, mode = insert-missing, query = "SELECT id, v FROM wanted"
          into = { table = items, key = [id] } }
        { name = flags, kind = rows, mode = update, query = "SELECT id, 'blue' AS color FROM flags"
          into = { table = flags, key = [id] } } ]
      """;

  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create(@TempDir Path directory) throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE wanted AS SELECT id, 0 AS v FROM generate_series(1, 9) AS id",
        "CREATE TABLE items (id int PRIMARY KEY, v int)",
        "CREATE TABLE notes (item int REFERENCES items ON DELETE CASCADE)",
        "CREATE TABLE flags AS SELECT id, 'red' AS color FROM generate_series(1, 3) AS id",
        "ALTER TABLE flags ADD PRIMARY KEY (id)");
    plan = Files.writeString(directory.resolve("plan.conf"), PLAN);
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  /** Runs one step, and undoes that while these statements are not committed yet. */
  private TestingRun undone(String step, String... statements) throws Exception {
    TestingRun run = TestingRun.of(database.environment(), "run", plan, "--only", step);
    assertThat(run.code()).as(run.said()).isZero();
    String id = run.line().path("runId").asText();
    try (TestingHeldRun held =
        TestingHeldRun.behind(
            database,
            options ->
                TestingRun.of(
                    database.environment(),
                    Stream.concat(Stream.of("undo", id, "--execute"), Stream.of(options))
                        .toArray(String[]::new)),
            statements)) {
      TestingRun undo = held.release();
      assertThat(undo.code()).as(undo.said()).isEqualTo(8);
      return undo;
    }
  }

  private static String left(TestingRun undo) {
    return undo.report().path("undo").path("writes").path(0).path("leftRows").toString();
  }

  @Test
  void addedRowThatIsChangedOrReferredToStays() throws Exception {
    TestingRun undo =
        undone(
            "items",
            "UPDATE items SET v = 5 WHERE id = 2",
            "INSERT INTO notes VALUES (4)",
            "DELETE FROM items WHERE id = 7");

    assertThat(left(undo))
        .isEqualTo(
            "[{\"key\":[\"2\"],\"reason\":\"was changed since\"},"
                + "{\"key\":[\"4\"],\"reason\":\"rows of notes refer to it\"}]");
    assertThat(database.rows("SELECT id, v FROM items ORDER BY 1"))
        .isEqualTo(List.of(List.of(2, 5), List.of(4, 0)));
    assertThat(database.count("SELECT count(*) FROM notes")).isOne();
  }

  @Test
  void rowThatTheRunSetAndAnotherSetsKeepsWhatItGot() throws Exception {
    TestingRun undo = undone("flags", "UPDATE flags SET color = 'green' WHERE id = 2");

    assertThat(left(undo)).isEqualTo("[{\"key\":[\"2\"],\"reason\":\"was changed since\"}]");
    assertThat(database.rows("SELECT color FROM flags ORDER BY id"))
        .hasToString("[[red], [green], [red]]");
  }
}
