package backfill.membership;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * Collects (key, number) pairs, a number being 32 bits unsigned, into a set for each key, in
 * bounded memory: what one partition of a table gives before it is sent anywhere. Several parts of
 * one key are merged where they are received.
 */
public final class SetCollector {
  private final int keysHeld;
  private final BiConsumer<Long, RoaringBitmap> receiver;
  private final Map<Long, RoaringBitmap> sets = new HashMap<>();
  private long lastKey;
  private RoaringBitmap lastSet;

  /**
   * @param keysHeld how many keys are held before they are given away
   * @param receiver takes a key and its numbers, more than once for one key where the limit was
   *     reached
   */
  public SetCollector(int keysHeld, BiConsumer<Long, RoaringBitmap> receiver) {
    this.keysHeld = keysHeld;
    this.receiver = receiver;
  }

  /**
   * Adds one number to a key's set. Rows of one key mostly follow each other: the last set is kept
   * at hand.
   */
  public void add(long key, int number) {
    if (lastSet == null || key != lastKey) {
      lastSet = setOf(key);
      lastKey = key;
    }
    lastSet.add(number);
  }

  /** Gives away what is held. */
  public void flush() {
    sets.forEach(receiver);
    sets.clear();
    lastSet = null;
  }

  private RoaringBitmap setOf(long key) {
    RoaringBitmap set = sets.get(key);
    if (set == null) {
      if (sets.size() >= keysHeld) {
        flush();
      }
      set = new RoaringBitmap();
      sets.put(key, set);
    }
    return set;
  }
}
