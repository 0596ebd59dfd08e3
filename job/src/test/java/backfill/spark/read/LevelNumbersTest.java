package backfill.spark.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.level.LevelOrder;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Numbers of the levels that sources have, and those of an earlier snapshot beside them. */
class LevelNumbersTest {
  private static final LevelNumbers BEFORE = numbers(1_000, LevelOrder.MOST, null);

  private static LevelNumbers numbers(int first, int count, LevelNumbers before) {
    List<String> levels = IntStream.range(first, first + count).mapToObj(String::valueOf).toList();
    return LevelNumbers.of("step pairs", LevelOrder.OF_SOURCES, List.of(), levels, null, before);
  }

  @Test
  void thoseOfTwoSnapshotsHaveOneNumberEach() {
    LevelNumbers both = numbers(990, LevelOrder.MOST, BEFORE);
    assertThat(both.count()).isEqualTo(10 + LevelOrder.MOST);
    assertThat(both.number("990")).isZero();
    assertThat(both.number("1063")).isEqualTo(both.highest());
  }

  @Test
  void aLaterSnapshotMayHaveNoMoreThanTheFirst() {
    for (LevelNumbers before : new LevelNumbers[] {null, BEFORE}) {
      assertThatThrownBy(() -> numbers(0, LevelOrder.MOST + 1, before))
          .isInstanceOf(UnfitRowsException.class)
          .hasMessage(
              "step pairs: its sources have 65 different levels, and there may be 64; name the column that holds a level, or leave rows out with where");
    }
  }
}
