package backfill.postgres.write;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Remembers the keys of one writer's rows by a number that two keys share if the server takes them
 * for one, as texts that differ in case only: the first of these is written, and the others are
 * found here. That two others share it by chance is one in a million million for a million rows.
 */
final class TwinKeys {
  private static final int FIRST_ROOM = 1 << 10;

  private long[] slots = new long[FIRST_ROOM];
  private int size;
  private boolean hasZero;
  private long[] pending = {};

  /**
   * The places of a batch's rows whose key an earlier row has, of this batch or of one that is
   * committed. The batch may be asked about again, until it is committed.
   */
  BitSet among(long[] batch) {
    BitSet twins = new BitSet(batch.length);
    TwinKeys own = new TwinKeys();
    for (int place = 0; place < batch.length; place++) {
      if (contains(batch[place]) || !own.add(batch[place])) {
        twins.set(place);
      }
    }
    pending = batch;
    return twins;
  }

  /** The rows that were asked about last are in. */
  void committed() {
    for (long each : pending) {
      add(each);
    }
    pending = new long[0];
  }

  private boolean contains(long number) {
    return number == 0 ? hasZero : slots[slot(slots, number)] == number;
  }

  private boolean add(long number) {
    if (contains(number)) {
      return false;
    }
    if (number == 0) {
      hasZero = true;
      return true;
    }
    if (2 * ++size > slots.length) {
      long[] old = slots;
      slots = new long[2 * old.length];
      Arrays.stream(old).filter(each -> each != 0).forEach(each -> slots[slot(slots, each)] = each);
    }
    slots[slot(slots, number)] = number;
    return true;
  }

  /** Where it is, or may be put: the numbers are spread already. */
  private static int slot(long[] slots, long number) {
    int slot = (int) number & slots.length - 1;
    while (slots[slot] != 0 && slots[slot] != number) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }
}
