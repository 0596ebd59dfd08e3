package backfill.membership;

import java.util.List;
import org.roaringbitmap.FastAggregation;
import org.roaringbitmap.RoaringBitmap;

/** Unites sets, by the way that is fast for what they are. */
final class UnitedSets {
  /** Elements that are merged in the time in which the 65,536 bits of a container are looked at. */
  private static final long STEPS_PER_CONTAINER = 8_000;

  private UnitedSets() {}

  /**
   * What one of these has, as a set of its own. Sets that are small, or spread thin, are merged one
   * after the other; of larger ones, which would be merged again and again, all bits are set in one
   * pass.
   */
  static RoaringBitmap of(List<RoaringBitmap> sets) {
    long merged = 0;
    long steps = 0;
    long containers = 1;
    for (RoaringBitmap set : sets) {
      long members = set.getLongCardinality();
      merged += members;
      steps += merged;
      if (members > 0) {
        containers = Math.max(containers, Math.min(members, spanned(set)));
      }
    }
    if (sets.size() > 2 && steps > STEPS_PER_CONTAINER * containers) {
      return FastAggregation.naive_or(sets.iterator());
    }
    RoaringBitmap all = new RoaringBitmap();
    sets.forEach(all::or);
    return all;
  }

  /** How many containers a set's numbers span: each holds those that share their upper 16 bits. */
  private static int spanned(RoaringBitmap set) {
    return (set.last() >>> Short.SIZE) - (set.first() >>> Short.SIZE) + 1;
  }
}
