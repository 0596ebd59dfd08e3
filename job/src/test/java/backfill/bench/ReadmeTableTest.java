package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.bench.BenchResult.Timing;
import backfill.testing.TestingCheckout;
import backfill.testing.TestingUpstreamTables;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The README has what was measured, and the goals are those of what was measured. */
class ReadmeTableTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void readmesTableIsReplacedByThatOfTheFigures() throws Exception {
    JsonNode measured = JSON.readTree(TestingUpstreamTables.resource("/bench/figures.json"));
    String readme = Files.readString(TestingCheckout.root().resolve("README.md"));

    assertThat(ReadmeTable.replaced(readme, measured))
        .as("README.md has the figures of bench/figures.json; bench --help says how")
        .isEqualTo(readme);
    assertThat(readme).contains(measured.path("machine").asText());
    JsonNode other = figures(timing(Ways.OURS, 10), timing("SQL, sorted", 20));
    assertThat(ReadmeTable.replaced("before\n\n" + table(measured) + "\nafter\n", other))
        .isEqualTo("before\n\n" + table(other) + "\nafter\n");
  }

  @Test
  void eachRunStandsBesideItsPeersAndWhatWasNotMeasuredIsLeftOut() {
    assertThat(
            ReadmeTable.markdown(
                figures(
                    timing(Ways.OURS, 20),
                    timing(Ways.OURS, 10),
                    timing(Ways.OURS, 12),
                    timing(Ways.RERUN, 8),
                    timing("SQL, sorted", 18),
                    timing("SQL, sorted, again", 4),
                    timing("the server's reads alone", 1))))
        .containsExactly(
            "| plan, rows planned | beside | it takes s | the job s | it to the job |",
            "|---|---|---|---|---|",
            "| defectdojo-S2, 950,091 | SQL, sorted | 18.0 | 12.0 | 1.50 |",
            "| defectdojo-S2, rerun, 950,091 | SQL, sorted, again | 4.0 | 8.0 | 0.50 |");
  }

  @Test
  void goalsSayWhatWasNotReached() {
    BenchResult result =
        result(
            timing(Ways.OURS, 20),
            timing(Ways.OURS + BenchResult.LESS_VERIFY, 17),
            timing(Ways.RERUN, 8),
            timing(Ways.SECOND, 2),
            timing("SQL, sorted", 30),
            timing("SQL, sorted, again", 4),
            timing("the server's reads alone", 1));

    assertThat(result.reached())
        .filteredOn(goal -> !goal.isReached())
        .extracting(Goal.Reached::name)
        .containsExactlyInAnyOrder(
            "SQL, sorted, again : backfill rerun",
            "backfill run: verify's share",
            "backfill rerun: seconds of processor time",
            "backfill rerun, 2nd in a JVM: seconds");
    assertThat(result.reached())
        .filteredOn(Goal.Reached::isReached)
        .extracting(Goal.Reached::name)
        .contains(
            "SQL, sorted : backfill run",
            "backfill rerun, 2nd in a JVM : the server's reads alone");
  }

  private static String table(JsonNode figures) {
    return String.join("\n", ReadmeTable.markdown(figures)) + "\n";
  }

  private static JsonNode figures(Timing... timings) {
    return JSON.valueToTree(Map.of("machine", "a machine", "results", List.of(result(timings))));
  }

  private static BenchResult result(Timing... timings) {
    return new BenchResult(
        "defectdojo-S2",
        1,
        Map.of(),
        950_091,
        List.of(timings),
        Map.of(),
        DefectDojoPeers.GOALS,
        List.of());
  }

  private static Timing timing(String way, double seconds) {
    return new Timing(way, seconds, 9.0, null, null, null, null, null, null);
  }
}
