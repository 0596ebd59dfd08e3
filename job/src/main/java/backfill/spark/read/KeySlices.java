package backfill.spark.read;

import backfill.membership.key.DistinctKeys;
import backfill.membership.key.KeyList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import scala.Tuple2;

/**
 * The distinct keys of some rows, without integers, by space and by hash: what partitions send each
 * other to find the distinct keys of all, a few arrays instead of an object for each key.
 */
public final class KeySlices {
  private static final int SLICE_BITS = 4;

  /** Into how many slices a space is split. */
  public static final int EACH = 1 << SLICE_BITS;

  private final DistinctKeys[] slices = new DistinctKeys[KeySpace.values().length * EACH];

  /**
   * Those of one partition.
   *
   * @param most may be in one partition: beyond it the whole is not held either
   */
  public static Iterator<Tuple2<Integer, KeyList>> of(
      Iterator<ReadPairs> pairs, KeySpace keys, KeySpace members, KeyMemoryLimit most) {
    KeySlices slices = new KeySlices();
    while (pairs.hasNext()) {
      ReadPairs some = pairs.next();
      slices.add(keys, some.keys());
      slices.add(members, some.members());
      most.require(slices.byteCount());
    }
    return slices.all().iterator();
  }

  /** The space that a slice is of. */
  public static KeySpace space(int slice) {
    return KeySpace.values()[slice / EACH];
  }

  private void add(KeySpace space, KeyColumn column) {
    if (column instanceof KeyColumn.Places places) {
      add(space, places.distinct());
    }
  }

  /** Adds keys of a space. */
  public void add(KeySpace space, KeyList keys) {
    for (int place = 0; place < keys.size(); place++) {
      int start = keys.start(place);
      int end = keys.ends()[place];
      // The lower bits spread the keys within a slice.
      int slice = DistinctKeys.hash(keys.bytes(), start, end) >>> Integer.SIZE - SLICE_BITS;
      at(space.ordinal() * EACH + slice).add(keys.bytes(), start, end);
    }
  }

  private DistinctKeys at(int slice) {
    if (slices[slice] == null) {
      slices[slice] = new DistinctKeys();
    }
    return slices[slice];
  }

  private long byteCount() {
    return Stream.of(slices).filter(Objects::nonNull).mapToLong(DistinctKeys::byteCount).sum();
  }

  /** Slice to its keys. */
  public List<Tuple2<Integer, KeyList>> all() {
    List<Tuple2<Integer, KeyList>> all = new ArrayList<>();
    for (int slice = 0; slice < slices.length; slice++) {
      if (slices[slice] != null) {
        all.add(new Tuple2<>(slice, slices[slice].list()));
      }
    }
    return all;
  }
}
