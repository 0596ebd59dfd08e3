package backfill.spark.read;

import backfill.membership.key.KeyDictionary;
import backfill.membership.key.KeyList;
import java.io.Serializable;

/** The keys that some rows have in one column, or in several together, as they were read. */
sealed interface KeyColumn extends Serializable {

  /**
   * Integers as numbers; anything else in the numbers of a dictionary, negative for a key that it
   * does not have.
   *
   * @param dictionary null for integers
   */
  long[] numbers(KeyDictionary dictionary);

  /** How many there are. */
  int size();

  /** The same keys as they are stored. */
  KeyColumn stored(StoredKeys as);

  /** Integers. */
  record Integers(long[] values) implements KeyColumn {
    @Override
    public long[] numbers(KeyDictionary dictionary) {
      return values;
    }

    @Override
    public int size() {
      return values.length;
    }

    @Override
    public KeyColumn stored(StoredKeys as) {
      return this;
    }
  }

  /**
   * Keys of other types, the same ones held once: 4 bytes a row, and each key's own.
   *
   * @param places one for each row, of its key among the distinct ones
   */
  record Places(int[] places, KeyList distinct) implements KeyColumn {
    @Override
    public long[] numbers(KeyDictionary dictionary) {
      int[] known = dictionary.numbers(distinct);
      long[] numbers = new long[places.length];
      for (int row = 0; row < numbers.length; row++) {
        numbers[row] = known[places[row]];
      }
      return numbers;
    }

    @Override
    public int size() {
      return places.length;
    }

    @Override
    public KeyColumn stored(StoredKeys as) {
      return new Places(places, as.of(distinct));
    }
  }
}
