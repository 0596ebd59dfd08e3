package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPackages;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows of another database are fetched by the keys that this one names. */
class KeyedSourceTest {
  private TestingPackages packages;

  @BeforeEach
  void create() throws SQLException {
    packages = TestingPackages.create();
  }

  @AfterEach
  void drop() throws SQLException {
    packages.close();
  }

  private TestingRun run(String command, String... arguments) {
    return packages.runPlan(TestingPackages.KEYED.replace("WHERE", ""), command, arguments);
  }

  @Test
  void rowsOfBothPartitionsAreFoundByTheirKeyAlone() throws SQLException {
    packages.with(1).with(2).builtBy(1, 10L).builtBy(2, 11L);
    packages.pipeline(10, 100, null).pipeline(11, 101, null).pipelines(12);

    TestingRun run = run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(packages.main().rows("SELECT version FROM packages_packages ORDER BY id"))
        .hasToString("[[ref10], [ref11]]");
    assertThat(run.step("versions").path("read").toString())
        .isEqualTo("{\"infos\":2,\"pipelines\":2}");
  }

  @Test
  void nullIsNoKeyAndAKeyThatIsNotThereIsNoError() throws SQLException {
    packages.with(1).builtBy(1, null, 999L, 10L, 10L).pipelines(10, 11);

    TestingRun run = run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("versions").path("read").path("pipelines").asLong()).isEqualTo(1);
    assertThat(packages.main().rows("SELECT version FROM packages_packages"))
        .hasToString("[[ref10]]");
  }

  @Test
  void withoutAKeyNothingIsAsked() throws SQLException {
    packages.with(1).builtBy(1, new Long[] {null}).pipelines(10);
    packages.ci().execute("CREATE EXTENSION pg_stat_statements");

    TestingRun run = run("run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("versions").path("read").path("pipelines").asLong()).isZero();
    assertThat(statements(packages.ci(), "= ANY")).isEmpty();
  }

  @Test
  void noStatementAsksForMoreKeysThanAllowed() throws SQLException {
    packages.with(1);
    packages
        .main()
        .execute(
            "INSERT INTO packages_build_infos (package_id, pipeline_id) SELECT 1, n FROM generate_series(1, 50) n");
    packages
        .ci()
        .execute(
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref)"
                + " SELECT n, 100 + n % 2, 1, 'r' FROM generate_series(1, 100) n",
            "CREATE EXTENSION pg_stat_statements");

    TestingRun run = run("run", "--set", "read.keys-per-query=7", "--set", "read.readers=1");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("versions").path("read").path("pipelines").asLong()).isEqualTo(50);
    // Fetched once, and looked at once more by verify: ceil(50 / 7) each time. Where another
    // database of the server keeps verify from telling that nothing is new, it fetches them, too.
    boolean told = run.said().contains("verify versions: the sources are as they were read");
    assertThat(statements(packages.ci(), "= ANY"))
        .extracting(row -> row.get(1))
        .containsExactlyInAnyOrder(told ? 8L : 16L, 8L);
  }

  /** Whose key is the same, and whose keys are the same, is fetched once. */
  @Test
  void rowsThatChangeMeanwhileAreFetchedAgainAndOthersAreNot() throws Exception {
    packages.with(1).with(2).builtBy(1, 10L).builtBy(2, 11L).pipelines(10, 11, 12);
    String alike = "verify versions: the sources are as they were read";

    TestingRun first = heldRun(List.of("UPDATE p_ci_pipelines SET ref = 'other' WHERE id = 12"));
    assertThat(first.said()).contains(alike);
    assertThat(first.counts("versions", "missing", "addedMeanwhile"))
        .isEqualTo(RunTest.numbers(0, 0));

    packages.main().execute("UPDATE packages_packages SET version = NULL");
    TestingRun second = heldRun(List.of("UPDATE p_ci_pipelines SET ref = 'other' WHERE id = 11"));
    assertThat(second.said()).doesNotContain(alike);
    assertThat(second.counts("versions", "missing", "addedMeanwhile"))
        .isEqualTo(RunTest.numbers(0, 1));
  }

  /** A run that has read, and waits to write until these statements changed the other database. */
  private TestingRun heldRun(List<String> statements) throws Exception {
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            packages.main(), "packages_packages", options -> run("run", options))) {
      packages.ci().execute(statements.toArray(String[]::new));
      TestingRun run = held.release();
      assertThat(run.code()).as(run.said()).isZero();
      return run;
    }
  }

  @Test
  void aConditionIsAskedOnTheServerWhateverSignsItHolds() throws SQLException {
    packages.with(1).with(2).builtBy(1, 10L).builtBy(2, 11L).pipelines(10, 11);
    String where =
        "where = \"jsonb_build_object(ref, 1) ? 'ref11' AND ref <> 'is it ?' -- really?\"";

    TestingRun run = packages.runPlan(TestingPackages.KEYED.replace("WHERE", where), "run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(packages.main().rows("SELECT version FROM packages_packages ORDER BY id"))
        .hasToString("[[null], [ref11]]");
  }

  /** In the proportion of 1,000 pipelines that are named to 3,000,000 that there are. */
  @Test
  void fewPagesAreReadOfATableOfWhichFewRowsAreNamed() throws SQLException {
    packages
        .ci()
        .execute(
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref, sha, status)"
                + " SELECT n, 100 + n % 2, 1, 'refs/heads/main', md5(n::text), 'success'"
                + " FROM generate_series(1, 120000) n",
            "ANALYZE p_ci_pipelines");
    packages.with(1);
    packages
        .main()
        .execute(
            "INSERT INTO packages_build_infos (package_id, pipeline_id)"
                + " SELECT 1, 3000 * n - 17 FROM generate_series(1, 40) n");
    long before = heapBlocks();
    long pages =
        packages
            .ci()
            .count(
                "SELECT sum(relpages) FROM pg_class WHERE relname IN ('ci_pipelines', 'ci_pipelines_101')");

    TestingRun run = run("plan");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.step("versions").path("read").path("pipelines").asLong()).isEqualTo(40);
    long read = heapBlocks() - before;
    assertThat(read).as("of %d pages", pages).isBetween(40L, pages * 5 / 100);
  }

  /** A session's counts are there once it has ended: waits for as many as the run fetched rows. */
  private long heapBlocks() throws SQLException {
    try (Connection connection = packages.ci().connection();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_stat_force_next_flush()");
    }
    String idle =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            + " AND backend_type = 'client backend'";
    long end = System.nanoTime() + 20_000_000_000L;
    while (packages.ci().count(idle) > 0) {
      assertThat(System.nanoTime())
          .as("waited in vain for the end of every session")
          .isLessThan(end);
      Thread.onSpinWait();
    }
    return packages
        .ci()
        .count(
            "SELECT sum(heap_blks_read + heap_blks_hit) FROM pg_statio_user_tables"
                + " WHERE relname IN ('ci_pipelines', 'ci_pipelines_101')");
  }

  @Test
  void checkListsTheFetch() throws SQLException {
    packages.with(1).builtBy(1, 10L).pipelines(10);

    TestingRun run = run("check", "--sql");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(String.join("\n", run.out()))
        .contains("-- read source pipelines, of database ci")
        .contains("exports a snapshot of database ci, and holds what is read in it")
        .contains(
            "as often as there are keys, each with an array of at most 10,000 of them, over at most")
        .contains("FROM \"public\".\"p_ci_pipelines\" WHERE \"id\" = ANY (?)");
  }

  static List<List<Object>> statements(TestingDatabase database, String containing)
      throws SQLException {
    return database.rows(
        "SELECT query, sum(calls)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
            + " WHERE d.datname = current_database() AND position('"
            + containing
            + "' IN query) > 0 AND query !~ 'pg_stat_statements|pg_catalog.pg_' GROUP BY 1");
  }
}
