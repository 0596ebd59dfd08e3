package backfill.membership;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Numbers the users of one step with 32 bits, ascending with their keys when read as unsigned, so
 * that a set of users is a bitmap and comes out in key order.
 */
public final class UserIndex implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What {@link #of} answers for a key that has no number. */
  public static final long UNKNOWN = -1;

  /** The largest number: 32 bits, all set. */
  private static final long LARGEST = 0xFFFF_FFFFL;

  private final long smallest;
  private final long[] keys;

  private UserIndex(long smallest, long[] keys) {
    this.smallest = smallest;
    this.keys = keys;
  }

  /**
   * For keys that span less than 2³²: a key's number is its distance from the smallest one
   * possible.
   */
  public static UserIndex startingAt(long smallest) {
    return new UserIndex(smallest, null);
  }

  /** For any keys: a key's number is its place among all. */
  public static UserIndex of(long[] ascendingKeys) {
    for (int i = 1; i < ascendingKeys.length; i++) {
      if (ascendingKeys[i - 1] >= ascendingKeys[i]) {
        throw new IllegalArgumentException(
            "user keys must ascend, got " + ascendingKeys[i - 1] + " before " + ascendingKeys[i]);
      }
    }
    return new UserIndex(0, ascendingKeys.clone());
  }

  /** The user's number, from 0 to 2³² - 1, or {@link #UNKNOWN}. */
  public long of(long key) {
    if (keys == null) {
      long number = key - smallest;
      return key >= smallest && number >= 0 && number <= LARGEST ? number : UNKNOWN;
    }
    int found = Arrays.binarySearch(keys, key);
    return found >= 0 ? found : UNKNOWN;
  }

  /** Whether both give each key the same number. */
  public boolean numbersLike(UserIndex other) {
    return keys == null
        ? other.keys == null && smallest == other.smallest
        : Arrays.equals(keys, other.keys);
  }

  /** The key of a number as a bitmap holds it: 32 bits, unsigned. */
  public long key(int number) {
    return keys == null ? smallest + Integer.toUnsignedLong(number) : keys[number];
  }
}
