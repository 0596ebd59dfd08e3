package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GenerationsTest {

  @Test
  void parentsComeBeforeTheirChildrenWhateverTheirNumbers() {
    TestingSeed seed = TestingSeed.any();
    Random random = new Random(seed.number());
    for (int draw = 0; draw < 50; draw++) {
      int ways = 1 + random.nextInt(2);
      int count = 1 + random.nextInt(200);
      // A row's parents are among those before it in an order of its own.
      long[] numbers = random.longs(count).toArray();
      List<long[]> rows = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long[] row = new long[1 + 2 * ways];
        row[0] = ~numbers[i];
        for (int way = 0; way < ways; way++) {
          boolean root = i == 0 || random.nextInt(4) == 0;
          row[1 + 2 * way] = numbers[i] + way;
          row[2 + 2 * way] = root ? numbers[i] + way : numbers[random.nextInt(i)] + way;
        }
        rows.add(random.nextInt(rows.size() + 1), row);
      }
      Generations generations = Generations.of(rows, ways);
      for (long[] row : rows) {
        for (int way = 0; way < ways; way++) {
          long parent = row[2 + 2 * way];
          if (parent != row[1 + 2 * way]) {
            assertThat(generations.of(row[0]))
                .as("%s", seed)
                .isGreaterThan(generations.of(~(parent - way)));
          }
        }
      }
    }
  }

  @Test
  void aLongChainIsNoRecursionAndACircleComesLastWithWhatIsBelowIt() {
    int length = 100_000;
    long[] chain = new long[3 * length];
    for (int i = 0; i < length; i++) {
      chain[3 * i] = i;
      chain[3 * i + 1] = i;
      chain[3 * i + 2] = i + 1L;
    }
    Generations generations =
        Generations.of(
            List.of(chain, new long[] {-1, -1, -2, -2, -2, -1, -3, -3, -2, -4, -4, -999}), 1);

    assertThat(generations.of(0)).isEqualTo(length);
    assertThat(generations.of(length - 1)).isOne();
    assertThat(generations.of(-4)).isOne();
    assertThat(List.of(generations.of(-1), generations.of(-2), generations.of(-3)))
        .containsOnly(length + 1);
    assertThat(generations.of(4711L * length)).isZero();
  }
}
