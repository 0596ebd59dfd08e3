package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.bench.load.LoadResult.Measured;
import backfill.testing.TestingCheckout;
import backfill.testing.TestingUpstreamTables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Medians are of each figure by itself, failures of all runs; the README has what was measured. */
class LoadTableTest {
  @TempDir Path directory;

  @Test
  void mediansAndFailuresAreThoseOfAllRuns() throws Exception {
    LoadResult result =
        result(
            run(Beside.NOTHING, 1, 4, Map.of(), null),
            run(Beside.NOTHING, 3, 6, Map.of(), null),
            run(Beside.NOTHING, 2, 5, Map.of(), null),
            run(Beside.THROTTLED, 2, 11, Map.of(), 30.0),
            run(Beside.THROTTLED, 1, 9, Map.of(), 40.0),
            run(Beside.INSERT, 2, 50, Map.of("55P03", 2L), 15.0));

    assertThat(LoadTable.markdown(result))
        .containsExactly(
            "| beside the application | p50 ms | p99 ms | to none | per s | failed | backfill s |",
            "|---|---|---|---|---|---|---|",
            "| without a backfill | 2.00 | 5.0 | 1.0 | 300 | 0 | – |",
            "| backfill run, throttled | 1.50 | 10.0 | 2.0 | 300 | 0 | 35 |",
            "| one sorted INSERT … SELECT | 2.00 | 50.0 | 10.0 | 300 | 2 | 15 |");
    assertThat(result.isReached()).isTrue();
    assertThat(LoadTable.of(result))
        .contains("defectdojo-tiny on a machine; not pinned", "failed by SQLSTATE: {55P03=2}")
        .doesNotContain("NOT REACHED");
    Path file = directory.resolve("load.json");
    Figures.write(file, result);
    assertThat(Files.readString(file)).contains("\"table\"");
    assertThat(Figures.read(Files.readString(file))).isEqualTo(result);
  }

  @Test
  void slowerThanTwiceOrAFailureBesideTheJobIsSaid() {
    Measured alone = run(Beside.NOTHING, 1, 5, Map.of(), null);
    LoadResult slow = result(alone, run(Beside.THROTTLED, 1, 10.1, Map.of(), 30.0));
    LoadResult failed = result(alone, run(Beside.THROTTLED, 1, 5, Map.of("40P01", 1L), 30.0));

    assertThat(slow.isReached()).isFalse();
    assertThat(failed.isReached()).isFalse();
    assertThat(LoadTable.of(slow))
        .endsWith(
            "NOT REACHED: beside backfill run, throttled, p99 within 2 times of that without, and none failed\n");
  }

  @Test
  void readmesTableIsReplacedByThatOfTheFigures() throws Exception {
    LoadResult measured = Figures.read(TestingUpstreamTables.resource("/bench/load.json"));
    String readme = Files.readString(TestingCheckout.root().resolve("README.md"));

    assertThat(LoadTable.replaced(readme, measured))
        .as("README.md has the figures of bench/load.json; bench load --help says how")
        .isEqualTo(readme);
    assertThat(readme).contains(measured.machine());
    LoadResult other = result(run(Beside.NOTHING, 1, 4, Map.of(), null));
    assertThat(LoadTable.replaced("before\n\n" + table(measured) + "\nafter\n", other))
        .isEqualTo("before\n\n" + table(other) + "\nafter\n");
  }

  private static String table(LoadResult result) {
    return String.join("\n", LoadTable.markdown(result)) + "\n";
  }

  private static LoadResult result(Measured... runs) {
    return new LoadResult(
        "defectdojo-tiny", "a machine", "not pinned", 8, 300, 4000, List.of(runs), List.of());
  }

  private static Measured run(
      Beside beside, double p50, double p99, Map<String, Long> failures, Double seconds) {
    return new Measured(beside, p50, p99, p99 * 2, 300, failures, seconds);
  }
}
