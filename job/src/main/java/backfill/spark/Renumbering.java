package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/** Sets of users in the numbers of another index, in which each of them has one. */
record Renumbering(UserIndex before, UserIndex now) {

  byte[] of(byte[] members) {
    if (before.numbersLike(now)) {
      return members;
    }
    RoaringBitmap renumbered = new RoaringBitmap();
    PeekableIntIterator each = Sets.set(members).getIntIterator();
    while (each.hasNext()) {
      renumbered.add((int) now.of(before.key(each.next())));
    }
    return Sets.bytes(renumbered);
  }
}
