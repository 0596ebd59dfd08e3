package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.TestingDatabase;
import backfill.TestingPostgres;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job that does nothing is told from one that does the work, and one that fails from both. */
class BenchRunTest {
  @TempDir Path directory;
  private TestingDatabase administration;

  @BeforeEach
  void create() throws Exception {
    administration = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws Exception {
    administration.close();
  }

  @Test
  void jobThatDoesNothingEndsWithOtherRows() throws Exception {
    BenchResult result = run("exit 0", List.of());

    assertThat(result.problems())
        .hasSize(3)
        .first()
        .asString()
        .startsWith("organization_members: plain SQL ends with other rows than backfill run (");
    assertThat(result.timings()).extracting("way").containsExactly("backfill run", "plain SQL");
    assertThat(result.rows()).containsEntry("organizations", 20L);
    assertThat(result.text())
        .contains(
            "coder-prebuilds-membership at scale 0.01: ", "organizations 20", "PROBLEM: groups");
    assertThat(
            administration.rows(
                "SELECT datname FROM pg_database WHERE datname ~ '^backfill_bench'"))
        .isEmpty();
  }

  @Test
  void jobThatFailsIsAProblem() throws Exception {
    BenchResult result = run("echo no such plan >&2; exit 2", List.of());

    assertThat(result.problems())
        .containsExactly(
            "backfill run ended with exit code 2; "
                + directory.resolve("coder-prebuilds-membership.log")
                + " has what it said");
    assertThat(directory.resolve("coder-prebuilds-membership.log")).hasContent("no such plan");
  }

  @Test
  void jobIsToldWhereItsDatabaseIs() throws Exception {
    run("echo \"$BACKFILL_URL $*\" >&2", List.of());

    assertThat(directory.resolve("coder-prebuilds-membership.log"))
        .content()
        .matches(
            "jdbc:postgresql://.*/backfill_bench_coder_prebuilds_copy.* run coder-prebuilds-membership"
                + " --report .*coder-prebuilds-membership.json --set limits.x=1\n");
  }

  @Test
  void whereTheServerDoesNotCountTheJobsReportDoes() throws Exception {
    BenchResult result =
        run(
            "echo '{\"steps\": [{\"statements\": 3}, {\"statements\": null}, {\"statements\": 4}]}' >\"$4\"",
            List.of());

    assertThat(result.timings()).extracting("statements").containsExactly(7L, null);
  }

  @Test
  void statementsOfAPeerAreCounted() throws Exception {
    administration.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");

    BenchResult result = run("exit 0", List.of("plain SQL"));

    assertThat(result.timings().get(0).statements()).isZero();
    assertThat(result.timings().get(1).statements()).isEqualTo(4);
  }

  @Test
  void peerThatIsNotThereIsRefusedByName() {
    assertThatThrownBy(() -> Cases.coderPrebuildsMembership().peer("django"))
        .hasMessage("coder-prebuilds-membership has no peer django; it has [plain SQL]");
    assertThatThrownBy(() -> Bench.named("dojo"))
        .hasMessageStartingWith("there is no case dojo; there are [coder-prebuilds-membership, ");
  }

  private BenchResult run(String script, List<String> peers) throws Exception {
    BenchServer server =
        BenchServer.at(administration.url(), administration.user(), administration.password());
    BenchRun.Ways ways =
        new BenchRun.Ways(
            List.of("sh", "-c", script, "job"), List.of("--set", "limits.x=1"), directory);
    return new BenchRun(server, Cases.coderPrebuildsMembership(), 0.01, ways).run(peers, 1);
  }
}
