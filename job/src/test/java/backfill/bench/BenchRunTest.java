package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    assertThat(BenchTable.of(result))
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
  void jobsReportSaysWhatItsPartsTookAndCountsWhereTheServerDoesNot() throws Exception {
    BenchResult result =
        run(
            """
            echo '{"durationMs": 9000, "sessionReadyMs": 1500,
              "stages": {"load": 100, "flatten": 300, "diff": 200, "write": 2500, "verify": 700, "report": 400},
              "steps": [{"planned": 20, "statements": 3}, {"planned": 5, "statements": null}, {"statements": 4}]}' >"$4"
            sleep 1
            """,
            List.of());

    assertThat(result.timings())
        .extracting("way", "statements")
        .containsExactly(
            tuple("backfill run", 7L),
            tuple("backfill run, less verify", null),
            tuple("backfill run, session ready to verified", null),
            tuple("backfill run, flatten and diff", null),
            tuple("backfill run, write", null),
            tuple("plain SQL", null));
    double whole = result.row("backfill run").orElseThrow().medianSeconds();
    assertThat(whole).isGreaterThan(1);
    assertThat(seconds(result, "backfill run, less verify")).isCloseTo(whole - 0.7, within(1e-9));
    assertThat(seconds(result, "backfill run, session ready to verified")).isEqualTo(7.1);
    assertThat(seconds(result, "backfill run, flatten and diff")).isEqualTo(0.5);
    assertThat(seconds(result, "backfill run, write")).isEqualTo(2.5);
    assertThat(result.planned()).isEqualTo(25);
    assertThat(BenchTable.of(result)).contains("25 rows planned");
    JsonNode json = new ObjectMapper().valueToTree(result);
    assertThat(json.path("table").path(4).path("way").asText()).isEqualTo("backfill run, write");
    assertThat(json.path("table").path(4).path("medianSeconds").asDouble()).isEqualTo(2.5);
  }

  private static double seconds(BenchResult result, String way) {
    return result.row(way).orElseThrow().medianSeconds();
  }

  /** The job is a peer here: it adds no row when it runs again, but draws a value for each. */
  @Test
  void rerunThatDrawsSequenceValuesIsAProblemAndFarIsElsewhere() throws Exception {
    BenchCase tiny = DefectDojoCases.tiny();
    Launch launch =
        new Launch(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                PeerProcess.class.getName(),
                "defectdojo-S1",
                "SQL, sorted"),
            List.of(),
            "",
            directory);

    BenchResult result =
        new BenchRun(server(), tiny, 1, launch).run(List.of(Ways.RERUN, Ways.FAR), 1);

    long pairs = result.row(Ways.OURS).orElseThrow().middle().rows();
    assertThat(pairs).isGreaterThan(100);
    assertThat(result.row(Ways.FAR).orElseThrow().middle().rows()).isEqualTo(pairs);
    assertThat(result.row(Ways.FAR).orElseThrow().middle().walBytes()).isGreaterThan(pairs * 20);
    assertThat(result.row(Ways.RERUN).orElseThrow().middle().rows()).isZero();
    assertThat(result.problems())
        .containsExactly(
            "backfill rerun touched 0 rows and drew %,d values of sequences, expected none"
                .formatted(pairs));
    assertThat(result.reached())
        .filteredOn(goal -> !goal.isReached())
        .extracting(Goal.Reached::name)
        .contains("backfill rerun: rows touched and sequence values");
    assertThat(result.notRun()).containsKey("SQL, sorted");
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
    assertThatThrownBy(() -> Bench.requireWay(List.of(Cases.coderPrebuildsMembership()), "django"))
        .hasMessage("coder-prebuilds-membership has no django; it has [plain SQL]");
    assertThatThrownBy(() -> Bench.named("dojo"))
        .hasMessageStartingWith("there is no case dojo; there are [coder-prebuilds-membership, ");
  }

  private BenchResult run(String script, List<String> peers) throws Exception {
    Launch launch =
        new Launch(
            List.of("sh", "-c", script, "job"), List.of("--set", "limits.x=1"), "", directory);
    return new BenchRun(server(), Cases.coderPrebuildsMembership(), 0.01, launch).run(peers, 1);
  }

  private BenchServer server() {
    return BenchServer.at(administration.url(), administration.user(), administration.password());
  }
}
