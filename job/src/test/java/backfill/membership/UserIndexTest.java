package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The numbers of users: 32 bits, unsigned, in the order of their keys. */
class UserIndexTest {

  @Test
  void everyIntegerHasANumberInItsOrder() {
    UserIndex index = UserIndex.startingAt(Integer.MIN_VALUE);

    assertThat(index.of(Integer.MIN_VALUE)).isZero();
    assertThat(index.of(-1)).isEqualTo(0x7FFF_FFFFL);
    assertThat(index.of(0)).isEqualTo(0x8000_0000L);
    assertThat(index.of(Integer.MAX_VALUE)).isEqualTo(0xFFFF_FFFFL);
    for (long key : new long[] {Integer.MIN_VALUE, -1, 0, 1, Integer.MAX_VALUE}) {
      assertThat(index.key((int) index.of(key))).isEqualTo(key);
    }
  }

  @Test
  void keyOutsideTheSpanIsUnknown() {
    UserIndex index = UserIndex.startingAt(10);

    assertThat(index.of(9)).isEqualTo(UserIndex.UNKNOWN);
    assertThat(index.of(10 + (1L << 32))).isEqualTo(UserIndex.UNKNOWN);
    assertThat(index.of(9 + (1L << 32))).isEqualTo(0xFFFF_FFFFL);
  }

  @Test
  void distanceThatOverflowsIsUnknown() {
    assertThat(UserIndex.startingAt(Long.MIN_VALUE).of(Long.MAX_VALUE))
        .isEqualTo(UserIndex.UNKNOWN);
    assertThat(UserIndex.startingAt(-2).of(Long.MAX_VALUE)).isEqualTo(UserIndex.UNKNOWN);
    assertThat(UserIndex.startingAt(Long.MAX_VALUE).of(Long.MIN_VALUE))
        .isEqualTo(UserIndex.UNKNOWN);
  }

  @Test
  void anyKeysAreNumberedByTheirPlace() {
    UserIndex index = UserIndex.of(new long[] {Long.MIN_VALUE, 7, Long.MAX_VALUE});

    assertThat(index.of(Long.MIN_VALUE)).isZero();
    assertThat(index.of(7)).isEqualTo(1);
    assertThat(index.of(8)).isEqualTo(UserIndex.UNKNOWN);
    assertThat(index.key(2)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void keysThatDoNotAscendAreRefused() {
    assertThatThrownBy(() -> UserIndex.of(new long[] {1, 3, 3}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("user keys must ascend, got 3 before 3");
    assertThatThrownBy(() -> UserIndex.of(new long[] {2, 1}))
        .hasMessage("user keys must ascend, got 2 before 1");
  }

  @Test
  void laterChangeOfTheArrayChangesNothing() {
    long[] keys = {1, 2};
    UserIndex index = UserIndex.of(keys);
    keys[0] = 0;

    assertThat(index.key(0)).isEqualTo(1);
  }

  @Test
  void indexesAreAlikeIfEachKeyHasOneNumber() {
    UserIndex spanned = UserIndex.startingAt(1);
    UserIndex listed = UserIndex.of(new long[] {1, 2});

    assertThat(spanned.numbersLike(UserIndex.startingAt(1))).isTrue();
    assertThat(spanned.numbersLike(UserIndex.startingAt(2))).isFalse();
    assertThat(spanned.numbersLike(listed)).isFalse();
    assertThat(listed.numbersLike(UserIndex.of(new long[] {1, 2}))).isTrue();
    assertThat(listed.numbersLike(UserIndex.of(new long[] {1, 3}))).isFalse();
    assertThat(listed.numbersLike(spanned)).isFalse();
  }
}
