package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingPackages;
import backfill.testing.TestingRun;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One run over packages of every kind: which pipelines each is said to be built by. */
class PackageCasesTest {
  private static TestingPackages packages;
  private static TestingRun run;

  @BeforeAll
  static void run() throws SQLException {
    packages = TestingPackages.create();
    packages.main().execute("INSERT INTO users (id) VALUES (5)");
    packages.pipelines(10, 11, 12).pipeline(13, 101, null);
    packages.pipeline(14, 100, 5L).pipeline(15, 101, 6L);
    packages.with(1).builtBy(1, 10L, 11L);
    packages.with(2).builtBy(2, 10L, 10L);
    packages.with(3).builtBy(3, new Long[] {null});
    packages.with(4).builtBy(4, 999L);
    packages.with(5);
    packages.with(6).builtBy(6, 10L);
    packages.main().execute("UPDATE packages_packages SET status = 4 WHERE id = 6");
    packages.with(7).builtBy(7, 12L, 13L);
    packages.with(8);
    // The newest infos name the oldest pipelines, and five name none.
    packages
        .main()
        .execute(
            "INSERT INTO packages_build_infos (package_id, pipeline_id)"
                + " SELECT 8, 200 - n FROM generate_series(1, 25) n",
            "INSERT INTO packages_build_infos (package_id, pipeline_id)"
                + " SELECT 8, NULL FROM generate_series(1, 5)");
    packages
        .ci()
        .execute(
            "INSERT INTO p_ci_pipelines (id, partition_id, project_id)"
                + " SELECT n, 100 + n % 2, 1 FROM generate_series(175, 199) n");
    packages.with(9).builtBy(9, 14L, 15L);
    packages.with(10).builtBy(10, null, 10L);
    packages.with(11).builtBy(11, 999L, 10L);
    packages.withFile(51, 1).withFile(52, 1).fileBuiltBy(52, 11L, 11L, null, 998L);
    run = packages.run("run");
  }

  @AfterAll
  static void drop() throws SQLException {
    packages.close();
  }

  private static List<List<Object>> pipelinesOf(long id) throws SQLException {
    return packages
        .main()
        .rows(
            "SELECT pipeline_id, build_info_count FROM package_pipelines WHERE package_id = "
                + id
                + " ORDER BY 1");
  }

  @Test
  void itEndsWell() {
    assertThat(run.code()).as(run.said()).isZero();
  }

  @Test
  void eachPipelineThatCiHasIsARow() throws SQLException {
    assertThat(pipelinesOf(1)).hasToString("[[10, 1], [11, 1]]");
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT ref, sha, status FROM package_pipelines WHERE package_id = 1 AND pipeline_id = 10"))
        .hasToString("[[ref10, sha10, success]]");
  }

  @Test
  void twoInfosOfOnePipelineAreOneRowWithTheirNumber() throws SQLException {
    assertThat(pipelinesOf(2)).hasToString("[[10, 2]]");
  }

  @Test
  void infoWithoutAPipelineIsCountedAsUnmatched() throws SQLException {
    assertThat(pipelinesOf(3)).isEmpty();
    assertThat(run.step("package-pipelines").path("unmatched").path("no-pipeline").asLong())
        .isEqualTo(7);
  }

  @Test
  void danglingPipelineIsCountedAsUnmatchedAndNoError() throws SQLException {
    assertThat(pipelinesOf(4)).isEmpty();
    assertThat(run.step("package-pipelines").path("unmatched").path("dangling-pipeline").asLong())
        .isEqualTo(2);
  }

  @Test
  void packageWithoutInfosHasNoRow() throws SQLException {
    assertThat(pipelinesOf(5)).isEmpty();
  }

  @Test
  void packageOfAnyStatusHasItsPipelines() throws SQLException {
    assertThat(pipelinesOf(6)).hasToString("[[10, 1]]");
  }

  @Test
  void pipelinesOfBothPartitionsAreFound() throws SQLException {
    assertThat(pipelinesOf(7)).hasToString("[[12, 1], [13, 1]]");
  }

  @Test
  void theNewestTwentyInfosThatNameAPipelineCount() throws SQLException {
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT count(*), min(pipeline_id), max(pipeline_id) FROM package_pipelines WHERE package_id = 8"))
        .hasToString("[[20, 175, 194]]");
  }

  @Test
  void userWhomTheMainDatabaseLacksBecomesNull() throws SQLException {
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT pipeline_id, user_id FROM package_pipelines WHERE package_id = 9 ORDER BY 1"))
        .hasToString("[[14, 5], [15, null]]");
  }

  @Test
  void theFirstInfoAloneSaysWhichPipelineIsTheOriginal() throws SQLException {
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT package_id, pipeline_id FROM package_original_pipelines ORDER BY package_id"))
        .hasToString("[[1, 10], [2, 10], [6, 10], [7, 12], [8, 199], [9, 14]]");
    assertThat(run.step("original-pipelines").path("unmatched").toString())
        .isEqualTo("{\"no-pipeline\":2,\"dangling-pipeline\":2}");
  }

  @Test
  void filesHaveTheirOwn() throws SQLException {
    assertThat(
            packages
                .main()
                .rows(
                    "SELECT package_file_id, pipeline_id, build_info_count FROM package_file_pipelines"))
        .hasToString("[[52, 11, 2]]");
    assertThat(run.step("package-file-pipelines").path("unmatched").toString())
        .isEqualTo("{\"no-pipeline\":1,\"dangling-pipeline\":1}");
  }

  @Test
  void onlyNamedPipelinesWereFetched() {
    assertThat(run.step("package-pipelines").path("read").path("pipelines").asLong())
        .isEqualTo(6 + 21);
  }
}
