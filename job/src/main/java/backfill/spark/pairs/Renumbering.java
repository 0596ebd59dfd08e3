package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.LevelNumbers;
import java.io.Serializable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Objects and sets of users in the numbers of a later reading, in which each of them has one.
 *
 * @param userKeys a user's number to the later one; null where they are integers, or numbered alike
 * @param objectKeys the same for objects
 * @param levels a level's number to the later one
 */
record Renumbering(
    Broadcast<UserIndex> before,
    Broadcast<UserIndex> now,
    Broadcast<int[]> userKeys,
    Broadcast<int[]> objectKeys,
    short[] levels)
    implements Serializable {

  static Renumbering between(GrantSets before, GrantSets now, JavaSparkContext spark) {
    return new Renumbering(
        before.users(),
        now.users(),
        places(before.keys().users(), now.keys().users(), spark),
        places(before.keys().objects(), now.keys().objects(), spark),
        levels(before.keys().levels(), now.keys().levels()));
  }

  private static short[] levels(LevelNumbers before, LevelNumbers now) {
    short[] numbers = new short[before.values().size()];
    for (int level = 0; level < numbers.length; level++) {
      numbers[level] = (short) now.number(before.text(level));
    }
    return numbers;
  }

  short level(int number) {
    return levels[number];
  }

  private static Broadcast<int[]> places(
      KeyNumbers before, KeyNumbers now, JavaSparkContext spark) {
    return before.coded()
        ? before
            .dictionary()
            .value()
            .numbersIn(now.dictionary().value())
            .map(spark::broadcast)
            .orElse(null)
        : null;
  }

  long object(long number) {
    return objectKeys == null ? number : objectKeys.value()[Math.toIntExact(number)];
  }

  byte[] users(byte[] members) {
    if (userKeys == null && before.value().numbersLike(now.value())) {
      return members;
    }
    RoaringBitmap renumbered = new RoaringBitmap();
    PeekableIntIterator each = BitmapBytes.set(members).getIntIterator();
    while (each.hasNext()) {
      renumbered.add(user(each.next()));
    }
    return BitmapBytes.bytes(renumbered);
  }

  private int user(int number) {
    return userKeys == null
        ? (int) now.value().of(before.value().key(number))
        : userKeys.value()[number];
  }
}
