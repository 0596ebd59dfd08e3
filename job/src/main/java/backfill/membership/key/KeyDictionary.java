package backfill.membership.key;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/**
 * Numbers keys that are no integers, from 0, ascending with their bytes when these are read without
 * sign: for a uuid that is PostgreSQL's own order. Read by many threads.
 */
public final class KeyDictionary implements Serializable {
  private static final long serialVersionUID = 1L;

  private final KeyList keys;
  private transient volatile DistinctKeys index;

  private KeyDictionary(KeyList keys) {
    this.keys = keys;
  }

  /**
   * Of keys that are in one of these lists.
   *
   * @param disjoint no key is in two of them, nor twice in one
   */
  public static KeyDictionary of(Collection<KeyList> disjoint) {
    return new KeyDictionary(KeyList.concat(disjoint).sorted());
  }

  /** How many keys it has. */
  int size() {
    return keys.size();
  }

  /** Its keys, ascending. */
  public KeyList keys() {
    return keys;
  }

  /** The key's number, or {@link DistinctKeys#ABSENT}. */
  public int number(byte[] key) {
    return index().number(key, 0, key.length);
  }

  /** The numbers of some keys, {@link DistinctKeys#ABSENT} for one that it does not have. */
  public int[] numbers(KeyList some) {
    DistinctKeys known = index();
    int[] numbers = new int[some.size()];
    Arrays.setAll(
        numbers, place -> known.number(some.bytes(), some.start(place), some.ends()[place]));
    return numbers;
  }

  /**
   * Each key's number in a dictionary that has all of these keys; empty where the numbers are the
   * same.
   */
  public Optional<int[]> numbersIn(KeyDictionary wider) {
    if (size() == wider.size()) {
      return Optional.empty();
    }
    int[] numbers = new int[size()];
    int at = 0;
    for (int place = 0; place < numbers.length; place++) {
      while (keys.compare(place, wider.keys, at) != 0) {
        at++;
      }
      numbers[place] = at++;
    }
    return Optional.of(numbers);
  }

  /**
   * The numbers of the keys that begin with these bytes: those from the first one to before the
   * second.
   */
  public int[] startingWith(byte[] prefix) {
    return new int[] {firstFrom(prefix, false), firstFrom(prefix, true)};
  }

  /**
   * @param behind whether keys that begin with the prefix are passed over, too
   */
  private int firstFrom(byte[] prefix, boolean behind) {
    int low = 0;
    int high = keys.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      int start = keys.start(middle);
      int end = Math.min(keys.ends()[middle], start + prefix.length);
      int order = Arrays.compareUnsigned(keys.bytes(), start, end, prefix, 0, prefix.length);
      if (order < 0 || behind && order == 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private DistinctKeys index() {
    DistinctKeys known = index;
    if (known == null) {
      synchronized (this) {
        known = index;
        if (known == null) {
          known = new DistinctKeys(keys);
          index = known;
        }
      }
    }
    return known;
  }
}
