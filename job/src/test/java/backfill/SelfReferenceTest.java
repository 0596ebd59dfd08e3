package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a table that refers to itself, over many batches. */
class SelfReferenceTest {
  private static final String SAME =
      """
      SELECT (SELECT count(*) FROM %1$s) * 1000
        + (SELECT count(*) FROM (TABLE %1$s EXCEPT TABLE %2$s) AS more)
        + (SELECT count(*) FROM (TABLE %2$s EXCEPT TABLE %1$s) AS less)""";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String command, String step, String... words) throws Exception {
    Path plan =
        Files.writeString(
            directory.resolve("tree.conf"),
            "name = tree\nallow-delete = true\nlimits.surplus-percent = 100\nsources.src = src\nsteps = [{ name = t, kind = rows, "
                + step
                + " }]\n");
    List<String> all = new ArrayList<>(List.of(command, plan.toString()));
    all.addAll(List.of(words));
    all.addAll(List.of("--set", "write.rows-per-batch=7"));
    return TestingRun.of(database.environment(), all.toArray(String[]::new));
  }

  /** A thousand for each row of the first, and one for each that only one of both has. */
  private long compared(String one, String other) throws Exception {
    return database.count(SAME.formatted(one, other));
  }

  @Test
  void aTreeWhoseParentsComeInAnyBatchIsLoadedWholeAndCountedOnce() throws Exception {
    database.execute(
        // Each row's parent is a smaller number, and its key is no order of these.
        "CREATE TABLE src AS SELECT t AS tenant, (n * 37) % 101 AS id, CASE WHEN n > 1 THEN (n / 2 * 37) % 101 END"
            + " AS parent FROM generate_series(1, 100) n, generate_series(1, 2) t",
        "CREATE TABLE folders (tenant int, id int, parent int, PRIMARY KEY (tenant, id),"
            + " FOREIGN KEY (tenant, parent) REFERENCES folders)");
    String step =
        "mode = insert-missing, query = \"SELECT * FROM src\", into = { table = folders, key = [tenant, id] }";
    TestingRun check = run("check", step, "--sql");
    assertThat(check.said())
        .contains("parents first over one connection, because folders refers to itself");

    TestingRun run = run("run", step);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("t", "planned", "inserted", "rejected", "missing"))
        .containsExactly(200L, 200L, 0L, 0L);
    assertThat(compared("folders", "src")).isEqualTo(200_000);
    assertThat(database.count("SELECT sum(rows)::int8 FROM backfill.batch")).isEqualTo(200);
    assertThat(database.count("SELECT count(*) FROM backfill.batch")).isEqualTo(29);
    database.execute("DELETE FROM folders WHERE tenant = 2");
    assertThat(run("run", step).counts("t", "inserted", "missing")).containsExactly(100L, 0L);
    assertThat(compared("folders", "src")).isEqualTo(200_000);
    assertThat(run("run", step).counts("t", "inserted")).containsExactly(0L);
  }

  @Test
  void aChainAndACircleAndARowThatIsItsOwnParent() throws Exception {
    database.execute(
        "CREATE TABLE src AS SELECT n::bigint AS id, (CASE WHEN n < 500 THEN n + 1 ELSE n END)::bigint AS next"
            + " FROM generate_series(1, 500) n UNION ALL VALUES (901, 902), (902, 903), (903, 901)",
        "CREATE TABLE chain (id bigint PRIMARY KEY, next bigint REFERENCES chain DEFERRABLE INITIALLY DEFERRED)");

    TestingRun run =
        run(
            "run",
            "mode = insert-missing, query = \"SELECT * FROM src\", into = { table = chain, key = [id] }");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(compared("chain", "src")).isEqualTo(503_000);
  }

  @Test
  void onlyTheRowsBelowOneWithoutAParentAreRejected() throws Exception {
    database.execute(
        "CREATE TABLE src AS SELECT n AS id, CASE n WHEN 1 THEN NULL WHEN 20 THEN 777 WHEN 21 THEN 20 WHEN 5 THEN 21"
            + " ELSE 1 END AS parent FROM generate_series(1, 40) n",
        "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)");
    String step =
        "mode = insert-missing, query = \"SELECT * FROM src\", into = { table = tree, key = [id] }";

    TestingRun run = run("run", step, "--set", "limits.rejected-rows=3");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("t", "inserted", "rejected", "missing")).containsExactly(37L, 3L, 0L);
    assertThat(run.step("t").path("rejections").toString())
        .contains("tree has no row whose (id) is (777)")
        .contains("tree has no row whose (id) is (20)")
        .contains("tree has no row whose (id) is (21)");
  }

  @Test
  void batchesDeleteChildrenBeforeTheirParents() throws Exception {
    database.execute(
        "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree, old bool DEFAULT true)",
        // Even numbers hang on small ones, odd ones on large ones; 200 has a child that stays.
        "INSERT INTO tree SELECT n, CASE WHEN n > 60 THEN NULL WHEN n % 2 = 0 THEN n / 2 ELSE 61 + n % 30 END"
            + " FROM generate_series(1, 99) n UNION ALL VALUES (200, NULL), (201, 200)",
        "UPDATE tree SET old = false WHERE id = 201");
    Path plan =
        Files.writeString(
            directory.resolve("purge.conf"),
            """
            name = purge
            allow-delete = true
            steps = [{ name = p, kind = batches, table = tree, where = "old", delete = true }]
            """);

    TestingRun run =
        TestingRun.of(
            database.environment(),
            "run",
            plan.toString(),
            "--set",
            "write.rows-per-batch=7",
            "--set",
            "limits.rejected-rows=1");

    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("p", "deleted", "rejected", "missing")).containsExactly(99L, 1L, 0L);
    assertThat(run.step("p").path("rejections").path(0).path("key").path(0).asText())
        .isEqualTo("200");
    assertThat(database.rows("SELECT id FROM tree ORDER BY id").toString())
        .isEqualTo("[[200], [201]]");
  }

  @Test
  void rowsGetANewParentBeforeTheOldOneGoesAndChildrenGoBeforeTheirParents() throws Exception {
    for (String action : List.of("CASCADE", "NO ACTION")) {
      database.execute(
          "DROP TABLE IF EXISTS src, tree CASCADE",
          "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE %s, kept text DEFAULT 'old')"
              .formatted(action),
          "INSERT INTO tree SELECT n, nullif(n / 2, 0) FROM generate_series(1, 60) n",
          // All but the first ten hang on new rows that come last; 11 to 30 are no more.
          "CREATE TABLE src AS SELECT id, CASE WHEN id <= 10 THEN parent ELSE 1000 - id END AS parent FROM tree"
              + " WHERE id NOT BETWEEN 11 AND 30"
              + " UNION ALL SELECT 1000 - n, NULL FROM generate_series(1, 60) n",
          "CREATE VIEW seen AS SELECT id, parent FROM tree");

      TestingRun run =
          run(
              "run",
              "mode = upsert, surplus = delete, query = \"SELECT * FROM src\", into = { table = tree, key = [id] }");

      assertThat(run.code()).as(action + run.said()).isZero();
      assertThat(run.counts("t", "inserted", "updated", "deleted", "rejected", "missing"))
          .as(action)
          .containsExactly(60L, 30L, 20L, 0L, 0L);
      assertThat(compared("seen", "src")).isEqualTo(100_000);
      assertThat(database.count("SELECT count(*) FROM tree WHERE kept = 'old'")).isEqualTo(100);
    }
  }
}
