package backfill.membership;

import java.util.function.IntPredicate;
import org.roaringbitmap.RoaringBitmap;

/** What each number of a graph has itself, as a bitmap; used up by one thread. */
final class OwnBitmaps implements Closure.Own {
  private final RoaringBitmap[] own;
  private long bytes;

  /**
   * @param needed the others are let go
   */
  OwnBitmaps(RoaringBitmap[] own, IntPredicate needed) {
    this.own = own;
    for (int number = 0; number < own.length; number++) {
      if (own[number] != null && (own[number].isEmpty() || !needed.test(number))) {
        own[number] = null;
      }
      bytes += own[number] == null ? 0 : BitmapBytes.onHeap(own[number]);
    }
  }

  @Override
  public MemberSet take(int number) {
    RoaringBitmap taken = own[number];
    own[number] = null;
    if (taken == null) {
      return null;
    }
    bytes -= BitmapBytes.onHeap(taken);
    return MemberSet.of(taken);
  }

  @Override
  public long bytes() {
    return bytes;
  }
}
