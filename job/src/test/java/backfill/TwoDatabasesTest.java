package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingExporterEnds;
import backfill.testing.TestingPackages;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import backfill.testing.TestingUpstreamTables;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A run that reads two databases: what it says of them, and what it does where one is not there.
 */
class TwoDatabasesTest {
  private static final String PLAN = TestingPackages.KEYED.replace("WHERE", "");

  private static final String BLOCKED =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backfill keyed-test%'"
          + " AND datname = current_database() AND wait_event_type = 'Lock'";

  private TestingPackages packages;

  @BeforeEach
  void create() throws SQLException {
    packages = TestingPackages.create().with(1).builtBy(1, 10L).pipelines(10);
  }

  @AfterEach
  void drop() throws SQLException {
    packages.close();
  }

  private TestingRun run() {
    return packages.runPlan(PLAN, "run");
  }

  private TestingRun run(Map<String, String> environment) {
    return packages.runPlan(environment, PLAN, "run");
  }

  private static JsonNode error(TestingRun run) {
    return run.report().path("error");
  }

  @Test
  void reportSaysHowFarTheirSnapshotsAreApart() {
    Instant before = Instant.now();

    TestingRun run = run();

    long tookMs = Duration.between(before, Instant.now()).toMillis();
    assertThat(run.code()).as(run.said()).isZero();
    JsonNode main = run.report().path("databases").path("main");
    JsonNode ci = run.report().path("databases").path("ci");
    assertThat(main.path("server").asText()).endsWith(packages.main().name());
    assertThat(ci.path("server").asText()).endsWith(packages.ci().name());
    assertThat(ci.path("user").asText()).isEqualTo(packages.ci().user());
    assertThat(ci.path("readFrom").asText()).isEqualTo(ci.path("server").asText());
    assertThat(ci.path("connections").asLong()).isPositive();
    // Read once, and once more by verify.
    assertThat(ci.path("snapshots")).hasSize(2);
    assertThat(main.path("snapshots")).hasSize(2);
    for (int i = 0; i < 2; i++) {
      JsonNode ofMain = main.path("snapshots").path(i);
      JsonNode ofCi = ci.path("snapshots").path(i);
      assertThat(ofMain.path("afterMainMs").isNull()).isTrue();
      assertThat(Instant.parse(ofCi.path("at").asText()))
          .isBetween(before.minusSeconds(60), Instant.now().plusSeconds(60));
      assertThat(ofCi.path("afterMainMs").isIntegralNumber()).isTrue();
      assertThat(ofCi.path("afterMainMs").asLong()).isBetween(0L, tookMs);
      assertThat(ofCi.path("afterMainByServersMs").asLong()).isBetween(0L, tookMs);
    }
    assertThat(run.said())
        .contains("preflight: database " + packages.main().name() + " at ")
        .contains("preflight: ci: database " + packages.ci().name() + " at ")
        .containsPattern(
            "of ci, \\d+ ms after main's \\(\\d+ ms by the servers' clocks\\) for versions")
        .doesNotContain(packages.ci().password() + "\"");
  }

  @Test
  void noStatementNamesTablesOfBoth() throws SQLException {
    packages.main().execute("CREATE EXTENSION pg_stat_statements");
    packages.ci().execute("CREATE EXTENSION pg_stat_statements");

    assertThat(run().code()).isZero();

    assertThat(KeyedSourceTest.statements(packages.main(), "packages_build_infos")).isNotEmpty();
    assertThat(KeyedSourceTest.statements(packages.main(), "ci_pipelines")).isEmpty();
    assertThat(KeyedSourceTest.statements(packages.ci(), "p_ci_pipelines")).isNotEmpty();
    assertThat(KeyedSourceTest.statements(packages.ci(), "packages_")).isEmpty();
  }

  @Test
  void everyVariableThatIsMissingIsNamedTogether() {
    TestingRun run = run(Map.of());

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.said())
        .contains("BACKFILL_URL: not set")
        .contains("BACKFILL_CI_URL: not set; set it to the database's JDBC URL");
  }

  @Test
  void aDatabaseThatNoSelectedStepReadsIsNotAskedFor() {
    String another =
        PLAN.replace(
            "steps = [{",
            """
            steps = [{
              name = names, kind = rows, mode = update
              query = "SELECT package_id AS id, 'built' AS name FROM infos GROUP BY package_id"
              into = { table = packages_packages, key = [id] }
            }, {""");

    TestingRun run =
        packages.runPlan(packages.main().environment(), another, "run", "--only", "names");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("databases").has("ci")).isFalse();
  }

  @Test
  void databaseThatIsNotThereNamesItsVariable() {
    TestingRun run = run(packages.environment("BACKFILL_CI_URL", packages.ci().url() + "_none"));

    assertThat(run.code()).isEqualTo(3);
    assertThat(error(run).path("retryable").asBoolean()).isFalse();
    assertThat(run.said()).contains("Check the database's name in BACKFILL_CI_URL");
  }

  @Test
  void missingSourceOfEitherDatabaseIsNamedTogether() throws SQLException {
    packages.main().execute("ALTER TABLE packages_build_infos RENAME TO elsewhere");
    packages.ci().execute("ALTER TABLE p_ci_pipelines RENAME TO gone");

    TestingRun run = run();

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.said())
        .contains("source infos: table packages_build_infos does not exist")
        .contains("source pipelines: table p_ci_pipelines does not exist");
  }

  @Test
  void serverThatIsDownIsWorthARetry() {
    TestingRun run =
        run(packages.environment("BACKFILL_CI_URL", "jdbc:postgresql://localhost:1/ci"));

    assertThat(run.code()).isEqualTo(3);
    assertThat(error(run).path("retryable").asBoolean()).isTrue();
    assertThat(error(run).path("message").asText())
        .contains("cannot connect to localhost:1/ci")
        .contains("the address in BACKFILL_CI_URL");
  }

  @Test
  void lostSnapshotOfTheOtherDatabaseIsNamed() throws SQLException {
    TestingExporterEnds ends = new TestingExporterEnds(packages.ci());
    TestingSpark.session().sparkContext().addSparkListener(ends);
    TestingRun run;
    try {
      run = run();
    } finally {
      TestingSpark.session().sparkContext().removeSparkListener(ends);
    }

    assertThat(ends.ended()).isEqualTo(1);
    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(error(run).path("message").asText())
        .containsPattern("snapshot \\S+ of database ci was gone before everything was read in it");
    assertThat(error(run).path("retryable").asBoolean()).isTrue();
    assertThat(packages.main().rows("SELECT version FROM packages_packages"))
        .hasToString("[[null]]");
  }

  /** The ledger's table is what it waits for first: by then both databases have been asked. */
  @Test
  void whatTheOtherDatabaseDeletesBeforeItsSnapshotIsNotThere() throws Exception {
    String plan = PLAN.replace("ledger = off", "");
    assertThat(packages.runPlan(plan, "run").code()).isZero();
    packages.with(2).builtBy(2, 11L).pipelines(11);
    CompletableFuture<TestingRun> running;
    try (Connection holding = packages.main().connection();
        Connection deleting = packages.ci().connection()) {
      execute(holding, "LOCK TABLE backfill.run");
      running = CompletableFuture.supplyAsync(() -> packages.runPlan(plan, "run"));
      await(packages.main(), BLOCKED);
      execute(deleting, "LOCK TABLE p_ci_pipelines; DELETE FROM p_ci_pipelines WHERE id = 11");
      holding.commit();
      await(packages.ci(), BLOCKED + " AND query LIKE 'LOCK TABLE%'");
      deleting.commit();
    }

    TestingRun run = running.get();
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(packages.main().rows("SELECT version FROM packages_packages ORDER BY id"))
        .hasToString("[[ref10], [null]]");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static void await(TestingDatabase database, String count) throws SQLException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (database.count(count) == 0) {
      assertThat(System.nanoTime()).as("waited in vain: %s", count).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void grantsAreListedForEachDatabase() {
    TestingRun run = packages.runPlan(PLAN, "check", "--grants");

    String printed = String.join("\n", run.out());
    int ci = printed.indexOf("which the plan calls ci:");
    assertThat(ci).isPositive();
    assertThat(printed.substring(0, ci))
        .contains(
            "GRANT SELECT (\"package_id\", \"pipeline_id\") ON \"public\".\"packages_build_infos\"")
        .doesNotContain("p_ci_pipelines");
    assertThat(printed.substring(ci))
        .contains("GRANT CONNECT ON DATABASE \"" + packages.ci().name() + "\"")
        .contains("GRANT SELECT (\"id\", \"ref\") ON \"public\".\"p_ci_pipelines\"")
        .doesNotContain("packages_");
  }

  @Test
  void theListedRightsAreEnoughInBoth() throws SQLException {
    String role = "both_of_" + packages.ci().name();
    packages.ci().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'");
    try {
      TestingDatabase in = packages.main();
      for (String line : packages.runPlan(PLAN, "check", "--grants").out()) {
        in = line.contains("which the plan calls ci:") ? packages.ci() : in;
        if (line.startsWith("GRANT")) {
          in.execute(line.replace("\"" + in.user() + "\";", role + ";"));
        }
      }
      Map<String, String> environment = new HashMap<>(packages.environment());
      for (String prefix : List.of("BACKFILL_", "BACKFILL_CI_")) {
        environment.put(prefix + "USER", role);
        environment.put(prefix + "PASSWORD", "trusted");
      }

      TestingRun run = run(environment);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(packages.main().rows("SELECT version FROM packages_packages"))
          .hasToString("[[ref10]]");
    } finally {
      packages.main().execute("DROP OWNED BY " + role);
      packages.ci().execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void oneDatabaseMayBeGivenUnderBothNames() throws SQLException {
    TestingUpstreamTables.load(packages.main(), "gitlab-ci");
    packages
        .main()
        .execute(
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref) VALUES (10, 100, 1, 'here')");
    Map<String, String> environment =
        packages.environment("BACKFILL_CI_URL", packages.main().url());

    TestingRun run = run(environment);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(packages.main().rows("SELECT version FROM packages_packages"))
        .hasToString("[[here]]");
  }
}
