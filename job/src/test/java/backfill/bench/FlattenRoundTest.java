package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A round's line is told from what a program says beside it, and the grants are what they say. */
class FlattenRoundTest {

  @Test
  void roundsAreFoundAmongOtherLines() {
    assertThat(FlattenRound.of("flattened 1200 461 5\nWARN flattened\n{}\nflattened 300 461 7\n"))
        .containsExactly(new FlattenRound(1200, 461, 5), new FlattenRound(300, 461, 7));
    assertThat(FlattenRound.of("Error: no such class\n")).isEqualTo(List.of());
  }

  /**
   * Counted by a set of bits for each of the 240 combinations of groups that a product may have.
   */
  @Test
  void grantsOfTheLargestScaleAre461MillionPairs() {
    assertThat(
            (long) InMemoryGrants.PRODUCTS
                * InMemoryGrants.GROUPS_OF_A_PRODUCT
                * InMemoryGrants.USERS_OF_A_GROUP)
        .isEqualTo(1_000_000_000L);
    int[] products = new int[InMemoryGrants.GROUPS];
    for (int product = 0; product < InMemoryGrants.PRODUCTS; product++) {
      products[InMemoryGrants.group(product, 0)]++;
    }
    long pairs = 0;
    for (int product = 0; Arrays.stream(products).anyMatch(left -> left > 0); product++) {
      int first = InMemoryGrants.group(product, 0);
      if (products[first] > 0) {
        pairs += (long) products[first] * users(product).cardinality();
        products[first] = 0;
      }
    }

    assertThat(Math.round(pairs / 1e6)).isEqualTo(461);
  }

  private static BitSet users(int product) {
    BitSet users = new BitSet();
    for (int place = 0; place < InMemoryGrants.GROUPS_OF_A_PRODUCT; place++) {
      long[] some = InMemoryGrants.users(InMemoryGrants.group(product, place));
      assertThat(Arrays.stream(some).distinct().count()).isEqualTo(InMemoryGrants.USERS_OF_A_GROUP);
      Arrays.stream(some).forEach(user -> users.set((int) user));
    }
    return users;
  }
}
