package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What grows with each rerun is told from what goes up and down, and from too few reruns. */
class SoakTableTest {
  private static final long MB = 1_000_000;

  @Test
  void whatGoesUpAndDownIsFlat() {
    SoakResult result = result(30, rerun -> 200 * MB + rerun % 2 * 10 * MB, rerun -> 0);

    assertThat(result.isFlat()).isTrue();
    assertThat(SoakTable.of(result))
        .startsWith("defectdojo-tiny on a machine; not pinned\n30 reruns in 20.0 minutes; ")
        .contains("job's heap, MB", "dead rows")
        .doesNotContain("NOT FLAT", "job's process");
  }

  @Test
  void heapThatGrowsWithEachRerunIsSaid() {
    SoakResult result = result(30, rerun -> (100 + 5 * rerun) * MB, rerun -> 0);

    assertThat(result.isFlat()).isFalse();
    assertThat(SoakTable.of(result)).containsPattern("job's heap, MB .*NOT FLAT\n");
  }

  @Test
  void connectionThatIsLeftIsSaid() {
    SoakResult result = result(30, rerun -> MB, rerun -> rerun < 20 ? 0 : 1);

    assertThat(result.isFlat()).isFalse();
    assertThat(SoakTable.of(result)).containsPattern("connections left .*NOT FLAT\n");
  }

  @Test
  void tooFewRerunsSayNothing() {
    SoakResult result = result(4, rerun -> MB, rerun -> 0);

    assertThat(result.isFlat()).isFalse();
    assertThat(SoakTable.of(result)).contains("too few reruns to say whether anything grows");
  }

  private static SoakResult result(
      int reruns, LongUnaryOperator heap, LongUnaryOperator connections) {
    List<SoakSample> samples =
        IntStream.rangeClosed(1, reruns)
            .mapToObj(
                i ->
                    new SoakSample(
                        i,
                        2,
                        heap.applyAsLong(i),
                        null,
                        connections.applyAsLong(i),
                        5 * MB,
                        30 + i % 3,
                        90 * MB,
                        i % 5 * 100))
            .toList();
    return new SoakResult("defectdojo-tiny", "a machine", "not pinned", 20, 4.5, Map.of(), samples);
  }
}
