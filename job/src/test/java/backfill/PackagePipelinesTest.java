package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingPackageOracle;
import backfill.testing.TestingPackages;
import backfill.testing.TestingRun;
import backfill.testing.TestingToldRun;
import backfill.testing.TestingToldRun.Target;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plan for GitLab's packages: reruns, what goes, what a dry run says, and random data with
 * their diff.
 */
class PackagePipelinesTest {
  private static final List<String> FILLS =
      List.of("package-pipelines", "package-file-pipelines", "original-pipelines");
  private static final Target[] TARGETS = {
    new Target("package_pipelines", List.of(FILLS.get(0)), "package_id", "pipeline_id"),
    new Target("package_file_pipelines", List.of(FILLS.get(1)), "package_file_id", "pipeline_id"),
    new Target("package_original_pipelines", List.of(FILLS.get(2)), "package_id")
  };

  @TempDir private Path directory;
  private TestingPackages packages;

  @BeforeEach
  void create() throws SQLException {
    packages = TestingPackages.create();
  }

  @AfterEach
  void drop() throws SQLException {
    packages.close();
  }

  private TestingRun run(String... arguments) {
    TestingRun run = packages.run("run", arguments);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private void named(long ofPackage, int from, int to) throws SQLException {
    packages
        .main()
        .execute(
            "INSERT INTO packages_build_infos (package_id, pipeline_id) SELECT %d, n FROM generate_series(%d, %d) n"
                .formatted(ofPackage, from, to));
    packages
        .ci()
        .execute(
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id) SELECT n, 100, 1 FROM generate_series(%d, %d) n"
                .formatted(from, to));
  }

  @Test
  void afterSixNewerInfosTwentyRowsAreLeft() throws SQLException {
    packages.with(1);
    named(1, 1, 20);
    assertThat(run().counts("package-pipelines", "inserted", "deleted")).containsExactly(20L, 0L);
    named(1, 21, 26);

    TestingRun rerun = run();

    assertThat(rerun.counts("package-pipelines", "inserted", "updated", "unchanged", "deleted"))
        .containsExactly(6L, 0L, 14L, 6L);
    assertThat(
            packages
                .main()
                .rows("SELECT count(*), min(pipeline_id), max(pipeline_id) FROM package_pipelines"))
        .hasToString("[[20, 7, 26]]");
  }

  /** Of a plan's word that is none of its choices nothing comes. */
  @Test
  void theNewestAndTheOriginalAreThoseOfTheChoiceMade() throws SQLException {
    packages.with(1).builtBy(1, 30L, 20L, 10L).pipelines(10, 20, 30);
    packages.with(2).builtBy(2, 30L, null);

    run("--set", "params.newest=2", "--set", "params.newest_by=pipeline");
    assertThat(pipelines(1)).hasToString("[[20], [30]]");
    assertThat(originals()).hasToString("[[1, 30], [2, 30]]");

    TestingRun last = run("--set", "params.newest=2", "--set", "params.original=last");
    assertThat(pipelines(1)).hasToString("[[10], [20]]");
    assertThat(originals()).hasToString("[[1, 10]]");
    assertThat(last.counts("original-pipelines", "updated", "deleted")).containsExactly(1L, 1L);

    refused("original=frist", "params.original must be first or last");
    refused("newest_by=id", "params.newest_by must be build-info or pipeline");
    assertThat(pipelines(1)).hasToString("[[10], [20]]");
    assertThat(originals()).hasToString("[[1, 10]]");
  }

  private void refused(String param, String message) {
    TestingRun run = packages.run("run", "--set", "params." + param);
    assertThat(run.code()).isNotZero();
    assertThat(run.said()).contains(message);
  }

  private List<List<Object>> originals() throws SQLException {
    return packages
        .main()
        .rows("SELECT package_id, pipeline_id FROM package_original_pipelines ORDER BY 1");
  }

  private List<List<Object>> pipelines(long ofPackage) throws SQLException {
    return packages
        .main()
        .rows(
            "SELECT pipeline_id FROM package_pipelines WHERE package_id = %d ORDER BY 1"
                .formatted(ofPackage));
  }

  @Test
  void whatGoesInCiGoesHereAndSoDoesTheOriginal() throws SQLException {
    packages.with(1).builtBy(1, 10L, 11L).pipelines(10, 11);
    run();
    packages
        .ci()
        .execute(
            "DELETE FROM p_ci_pipelines WHERE id = 10",
            "UPDATE p_ci_pipelines SET status = 'failed'");

    TestingRun run = run();

    assertThat(run.counts("package-pipelines", "updated", "deleted")).containsExactly(1L, 1L);
    assertThat(packages.main().rows("SELECT pipeline_id, status FROM package_pipelines"))
        .hasToString("[[11, failed]]");
    assertThat(packages.main().count("SELECT count(*) FROM package_original_pipelines")).isZero();
  }

  @Test
  void randomPackagesAreAsPlainSqlHasThemAndARerunWritesNothing() throws Exception {
    long seed = System.nanoTime();
    LogManager.getLogger(PackagePipelinesTest.class).info("seed {}", seed);
    TestingPackageOracle oracle = new TestingPackageOracle(packages, new Random(seed));
    oracle.fill();
    told("--set", "read.keys-per-query=50", "--set", "write.rows-per-batch=100");
    oracle.assertRight(20);
    oracle.change();
    told();
    oracle.assertRight(20);
    List<List<Object>> before = rows();

    TestingRun rerun = run();

    for (String step : FILLS) {
      assertThat(rerun.counts(step, "inserted", "updated", "deleted")).containsExactly(0L, 0L, 0L);
    }
    assertThat(rows()).isEqualTo(before);
  }

  /** A dry run, and a run with these options, of which all that the dry run says comes true. */
  private void told(String... ofTheRun) throws Exception {
    TestingToldRun told =
        TestingToldRun.of(
            directory,
            (command, options) ->
                packages.run(
                    command,
                    Stream.concat(
                            Stream.of(options),
                            command.equals("run") ? Stream.of(ofTheRun) : Stream.empty())
                        .toArray(String[]::new)),
            packages.main(),
            TARGETS);
    for (String step : FILLS) {
      assertThat(told.run().counts(step, "inserted", "updated", "deleted"))
          .isEqualTo(told.plan().counts(step, "toInsert", "toUpdate", "toDelete"));
      assertThat(told.run().step(step).path("unmatched"))
          .isEqualTo(told.plan().step(step).path("unmatched"));
    }
  }

  /** With their transaction's id: an unchanged row is not written again. */
  private List<List<Object>> rows() throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    for (Target target : TARGETS) {
      rows.addAll(
          packages
              .main()
              .rows("SELECT xmin::text, t::text FROM %s t ORDER BY 2".formatted(target.table())));
    }
    return rows;
  }

  @Test
  void dryRunCountsTablesThatAreStillToBeMadeAsEmpty() throws SQLException {
    packages.with(1).builtBy(1, 10L, 11L, 999L).pipelines(10, 11);

    TestingRun dry = packages.run("plan");

    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(dry.counts("package-pipelines", "planned", "toInsert", "toUpdate", "toDelete"))
        .containsExactly(2L, 2L, 0L, 0L);
    assertThat(dry.counts("original-pipelines", "planned", "toInsert")).containsExactly(1L, 1L);
    assertThat(
            packages
                .main()
                .count("SELECT count(*) FROM pg_class WHERE relname LIKE 'package_pipelines%'"))
        .isZero();
  }

  @Test
  void checkListsWhatCanBeListedBeforeTheTablesAreMade() throws SQLException {
    TestingRun check = packages.run("check", "--sql");

    assertThat(check.code()).as(check.said()).isZero();
    assertThat(String.join("\n", check.out()))
        .contains("-- write package-pipelines: can be listed once its tables are there;")
        .contains("-- package_pipelines is made by step package-table")
        .contains("FROM \"public\".\"p_ci_pipelines\" WHERE \"id\" = ANY (?)");
  }

  @Test
  void targetThatIsGoneWhenItsTurnComesEndsTheRunNamingWhatIsDone() throws SQLException {
    packages.with(1).builtBy(1, 10L).pipelines(10);
    packages.main().execute("CREATE TABLE later (id bigint PRIMARY KEY, name text)");
    String query = "\"SELECT package_id AS id, 'built' AS name FROM infos GROUP BY package_id\"";

    TestingRun run =
        packages.runPlan(
            """
            name = gone-test
            sources { infos = packages_build_infos }
            allow-delete = true
            steps = [
              { name = names, kind = rows, mode = update, query = QUERY, into = { table = packages_packages, key = [id] } }
              { name = drop, kind = ddl, creates = other
                statement = "DO $$ BEGIN CREATE TABLE other (id int); DROP TABLE later; END $$" }
              { name = fill, kind = rows, mode = upsert, query = QUERY, into = { table = later, key = [id] } }
            ]
            """
                .replace("QUERY", query),
            "run");

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.report().path("error").path("step").asText()).isEqualTo("fill");
    assertThat(run.report().path("error").path("message").asText())
        .contains("step fill: table later does not exist")
        .contains("done before it, whole: names (1 row), drop");
    assertThat(run.said()).contains("preflight: step fill cannot run:");
    assertThat(packages.main().rows("SELECT name FROM packages_packages")).hasToString("[[built]]");
  }

  @Test
  void withoutTheStepThatMakesItATableIsMissing() {
    TestingRun run = packages.run("run", "--from", "package-pipelines");

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.said())
        .contains("step package-pipelines: table package_pipelines does not exist")
        .contains("step original-pipelines: table package_original_pipelines does not exist");
  }
}
