package backfill.spark.read;

import java.io.Serializable;
import java.util.Arrays;

/** The smallest and the largest of some keys; of none, the smallest is above the largest. */
public record KeyRange(long smallest, long largest) implements Serializable {

  public static KeyRange of(long[] keys) {
    return new KeyRange(
        Arrays.stream(keys).min().orElse(Long.MAX_VALUE),
        Arrays.stream(keys).max().orElse(Long.MIN_VALUE));
  }

  public KeyRange and(long key) {
    return new KeyRange(Math.min(smallest, key), Math.max(largest, key));
  }

  public KeyRange and(KeyRange other) {
    return new KeyRange(Math.min(smallest, other.smallest), Math.max(largest, other.largest));
  }

  public boolean isEmpty() {
    return smallest > largest;
  }
}
