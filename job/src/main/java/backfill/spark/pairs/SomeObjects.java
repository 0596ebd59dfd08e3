package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.spark.engine.Derived;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.roaringbitmap.RoaringBitmap;

/**
 * A set of objects in at most two megabytes, however many there are: it knows each by 24 bits of a
 * hash, and so takes some for its own that are not.
 */
record SomeObjects(RoaringBitmap hashes) implements Serializable {
  private static final int BITS = 24;

  /** Those to which a pair is to be added, or of which one gets another level. */
  static SomeObjects gaining(JavaRDD<ObjectDiff> objects) {
    byte[] none = BitmapBytes.bytes(new RoaringBitmap());
    byte[] all =
        Derived.ofPartitions(
                Derived.where(objects, ObjectDiff::gains),
                some -> {
                  RoaringBitmap hashes = new RoaringBitmap();
                  some.forEachRemaining(object -> hashes.add(hash(object.object())));
                  return List.of(BitmapBytes.bytes(hashes)).iterator();
                })
            .treeAggregate(none, SomeObjects::united, SomeObjects::united);
    return new SomeObjects(BitmapBytes.set(all));
  }

  private static byte[] united(byte[] one, byte[] other) {
    return BitmapBytes.bytes(RoaringBitmap.or(BitmapBytes.set(one), BitmapBytes.set(other)));
  }

  /** Whether it may have an object; never false for one that it has. */
  boolean mayHave(long object) {
    return hashes.contains(hash(object));
  }

  private static int hash(long object) {
    return (int) (object * 0x9E37_79B9_7F4A_7C15L >>> Long.SIZE - BITS);
  }
}
