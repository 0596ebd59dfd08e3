package backfill.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Sets as bytes. */
class BitmapBytesTest {

  @Test
  void setComesBackFromItsBytes() {
    RoaringBitmap set = RoaringBitmap.bitmapOf(0, 1, 70_000, Integer.MAX_VALUE, -1);

    assertThat(BitmapBytes.set(BitmapBytes.bytes(set))).isEqualTo(set);
    assertThat(BitmapBytes.set(BitmapBytes.bytes(new RoaringBitmap())).isEmpty()).isTrue();
  }

  @Test
  void numbersComeOutInUnsignedOrder() {
    RoaringBitmap set =
        BitmapBytes.set(
            BitmapBytes.bytes(RoaringBitmap.bitmapOf(-1, 0, Integer.MIN_VALUE, Integer.MAX_VALUE)));

    assertThat(set.toArray()).containsExactly(0, Integer.MAX_VALUE, Integer.MIN_VALUE, -1);
  }

  @Test
  void consecutiveNumbersTakeFewBytes() {
    RoaringBitmap set = new RoaringBitmap();
    IntStream.range(0, 60_000).forEach(set::add);

    assertThat(BitmapBytes.bytes(set)).hasSizeLessThan(50);
  }

  @Test
  void otherBytesAreRefused() {
    assertThatThrownBy(() -> BitmapBytes.set(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}))
        .hasMessage("a set of 8 bytes is not in RoaringBitmap's portable format");
    assertThatThrownBy(() -> BitmapBytes.set(new byte[] {1}))
        .hasMessage("a set of 1 bytes is not in RoaringBitmap's portable format");
  }
}
