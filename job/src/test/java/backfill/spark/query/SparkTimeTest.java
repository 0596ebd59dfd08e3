package backfill.spark.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A time that wrote itself is read as the same count. */
class SparkTimeTest {
  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        -1,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        -62_135_596_800_000_001L,
        -210_866_803_200_000_000L,
        9_223_371_331_199_999_999L
      })
  void microsecondsComeBack(long micros) {
    assertThat(SparkTime.micros(new SparkTime.Timestamp(micros).toString())).isEqualTo(micros);
    assertThat(SparkTime.micros(new SparkTime.Local(micros).toString())).isEqualTo(micros);
  }

  @Test
  void anyMomentComesBack() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1_000; i++) {
      long micros = random.nextLong() / 2;
      assertThat(SparkTime.micros(new SparkTime.Timestamp(micros).toString()))
          .as("seed " + seed)
          .isEqualTo(micros);
      int days = random.nextInt() / 4;
      assertThat(SparkTime.days(new SparkTime.Day(days).toString()))
          .as("seed " + seed)
          .isEqualTo(days);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, -719_163, -2_451_508})
  void daysComeBack(int days) {
    assertThat(SparkTime.days(new SparkTime.Day(days).toString())).isEqualTo(days);
  }

  @Test
  void whatIsNoTimeIsSaid() {
    assertThatThrownBy(() -> SparkTime.micros("yesterday"))
        .hasMessage("no time is written as yesterday");
  }
}
