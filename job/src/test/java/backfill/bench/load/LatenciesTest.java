package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A percentile is one of the latencies, by its rank, and nothing in between. */
class LatenciesTest {
  private static final long MILLI = 1_000_000;

  @ParameterizedTest
  @CsvSource({
    "100, 0.5, 50",
    "100, 0.99, 99",
    "100, 0.991, 100",
    "100, 1, 100",
    "100, 0.001, 1",
    "1000, 0.99, 990",
    "1000, 0.999, 999",
    "7, 0.5, 4",
    "3, 0.99, 3",
    "1, 0.5, 1",
    "2, 0.5, 1",
  })
  void percentileIsTheSmallestThatCoversTheShare(int count, double share, double expected) {
    Latencies latencies = new Latencies();
    LongStream.rangeClosed(1, count)
        .map(i -> 1 + i * 37 % count)
        .forEach(millis -> latencies.add(0, millis * MILLI));

    // 37 and each count have no divisor in common, so that each latency is there once.
    assertThat(latencies.percentileMillis(share)).isEqualTo(expected);
  }

  @Test
  void percentilesOfRandomLatenciesAreThoseOfTheSortedOnes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    double[] millis = random.doubles(5_000, 0, 100).toArray();
    Latencies latencies = new Latencies();
    for (double each : millis) {
      long due = random.nextInt();
      latencies.add(due, due + (long) (each * MILLI));
    }

    for (double share : new double[] {0.1, 0.5, 0.95, 0.99, 0.9998}) {
      double percentile = latencies.percentileMillis(share);
      long covered = DoubleStream.of(millis).filter(each -> each < percentile + 1e-5).count();
      assertThat(covered).as("%s, seed %d", share, seed).isEqualTo(Math.round(share * 5_000));
    }
  }

  @Test
  void thoseDueAtATimeAreTakenAndFailuresStay() {
    Latencies latencies = new Latencies();
    latencies.add(10, 10 + 3 * MILLI);
    latencies.add(20, 20 + 5 * MILLI);
    Latencies another = new Latencies();
    another.add(30, 30 + 9 * MILLI);
    another.addFailure("40P01");
    another.addFailure("40P01");
    latencies.addFailure("55P03");
    latencies.addAll(another);

    assertThat(latencies.seconds()).containsOnlyKeys(0L);
    Latencies late = latencies.due(due -> due >= 20);

    assertThat(late.count()).isEqualTo(2);
    assertThat(late.percentileMillis(0.5)).isEqualTo(5);
    assertThat(late.percentileMillis(1)).isEqualTo(9);
    assertThat(late.failures()).containsEntry("40P01", 2L).containsEntry("55P03", 1L).hasSize(2);
  }

  @Test
  void ofNoneThereIsNoPercentile() {
    assertThat(new Latencies().percentileMillis(0.99)).isNaN();
    assertThatThrownBy(() -> new Latencies().percentileMillis(99))
        .hasMessage("a share is above 0 and at most 1, got 99.0");
  }
}
