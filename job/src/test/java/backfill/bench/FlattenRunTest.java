package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.bench.FlattenCase.Flattening;
import backfill.bench.FlattenCase.Program;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job is told from other programs by its reports, and ways that disagree are a problem. */
class FlattenRunTest {
  private static final String JOB_OR_PROGRAM =
      """
      case $BACKFILL_JVM_OPTIONS in
        *RepeatedRun*)
          for round in 1 2; do
            echo '{"stages": {"flatten": 100, "diff": 150}, "steps": [{"planned": 70}, {"planned": 7}]}' >"$4.$round"
          done
          echo "$1 $5 $6" >&2
          exit 7 ;;
        *) echo "flattened 2000 $PAIRS 5000000"; echo "flattened 1000 $PAIRS 6000000" ;;
      esac
      """;

  @TempDir Path directory;

  @Test
  void roundsAreColdAndWarm() throws Exception {
    BenchResult result = run("77");

    assertThat(result.problems()).isEmpty();
    assertThat(result.planned()).isEqualTo(77);
    assertThat(result.timings())
        .extracting("way")
        .containsExactly("job, cold", "job, warm", "other, cold", "other, warm");
    assertThat(result.row("job, cold").orElseThrow().medianSeconds()).isEqualTo(0.25);
    assertThat(result.row("other, warm").orElseThrow().toFirst()).isEqualTo(4);
    assertThat(result.row("other, warm").orElseThrow().middle().heapBytes()).isEqualTo(6_000_000);
    assertThat(result.reached()).extracting(Goal.Reached::isReached).containsExactly(true);
    assertThat(directory.resolve("flatten-test.log")).hasContent("verify --only product-users");
  }

  @Test
  void otherPairsAreAProblem() throws Exception {
    assertThat(run("78").problems())
        .containsExactly(
            "other, cold found 78 pairs, others 77", "other, warm found 78 pairs, others 77");
  }

  @Test
  void programThatSaysNothingIsAProblem() throws Exception {
    assertThat(run("none").problems())
        .containsExactly(
            "other ended with exit code 0; "
                + directory.resolve("flatten-test.log")
                + " has what it said");
  }

  private BenchResult run(String pairs) throws Exception {
    String script =
        pairs.equals("none") ? JOB_OR_PROGRAM.replace("flattened", "said") : JOB_OR_PROGRAM;
    FlattenCase flatten =
        new FlattenCase(
            "flatten-test",
            Optional.empty(),
            List.of("a-plan", "--only", "product-users"),
            List.of(
                new Flattening("job", Optional.empty(), Map.of()),
                new Flattening(
                    "other",
                    Optional.of(new Program(SparkFlatten.class, true, "")),
                    Map.of("PAIRS", pairs))),
            Map.of(),
            List.of(Goal.ratio("other, warm", "job, warm", Goal.Direction.AT_LEAST, 4)));
    try (TestingDatabase administration = TestingPostgres.shared().createDatabase()) {
      BenchServer server =
          BenchServer.at(administration.url(), administration.user(), administration.password());
      Launch launch = new Launch(List.of("sh", "-c", script, "job"), List.of(), "", directory);
      return new FlattenRun(server, flatten, launch).run(1);
    }
  }
}
