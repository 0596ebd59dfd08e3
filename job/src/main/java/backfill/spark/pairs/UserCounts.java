package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.roaringbitmap.PeekableIntIterator;
import scala.Tuple2;

/** Counts how many objects of a partition each user gains, or loses. */
final class UserCounts {
  private UserCounts() {}

  static Iterator<Tuple2<Long, Long>> of(
      Iterator<ObjectDiff> objects, DiffRows.Which which, UserIndex users) {
    Map<Integer, long[]> counts = new HashMap<>();
    while (objects.hasNext()) {
      PeekableIntIterator each = BitmapBytes.set(which.of(objects.next())).getIntIterator();
      while (each.hasNext()) {
        counts.computeIfAbsent(each.next(), user -> new long[1])[0]++;
      }
    }
    return counts.entrySet().stream()
        .map(entry -> new Tuple2<>(users.key(entry.getKey()), entry.getValue()[0]))
        .iterator();
  }
}
