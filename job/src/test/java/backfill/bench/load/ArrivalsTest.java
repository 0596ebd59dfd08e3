package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Transactions come at random, as often as was asked for, whatever the time is meanwhile. */
class ArrivalsTest {
  @Test
  void gapsAreThoseOfIndependentUsers() {
    Arrivals arrivals = new Arrivals(1000, 42);
    long[] due = LongStream.range(0, 100_000).map(i -> arrivals.next(0)).toArray();

    double[] gapMillis = new double[due.length - 1];
    for (int i = 0; i < gapMillis.length; i++) {
      gapMillis[i] = (due[i + 1] - due[i]) / 1e6;
    }
    double mean = LongStream.of(due[due.length - 1] - due[0]).sum() / 1e6 / gapMillis.length;
    double square = 0;
    for (double gap : gapMillis) {
      assertThat(gap).isNotNegative();
      square += (gap - mean) * (gap - mean);
    }

    // Of such gaps the standard deviation is the mean.
    assertThat(mean).isCloseTo(1, within(0.02));
    assertThat(Math.sqrt(square / gapMillis.length)).isCloseTo(mean, within(0.03));
  }

  @Test
  void withoutARateEachIsDueWhenAClientIsFree() {
    Arrivals arrivals = new Arrivals(0, 42);

    assertThat(arrivals.next(17)).isEqualTo(17);
    assertThat(arrivals.next(99)).isEqualTo(99);
  }
}
