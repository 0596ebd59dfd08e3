package backfill.spark.step;

import backfill.postgres.catalog.ParentKey;
import backfill.spark.read.KeyNumbers;
import java.util.List;

/**
 * Which numbers stand for the keys that a foreign key of a target refers to.
 *
 * @param columns the parent's, in the order in which their values stand in a key's bytes
 * @param places of the numbered key's columns among those of the foreign key
 */
public record ReferredKeys(KeyNumbers numbers, List<String> columns, List<Integer> places) {
  public ReferredKeys {
    columns = List.copyOf(columns);
    places = List.copyOf(places);
  }

  /**
   * @param named the target's columns in the order in which the step names them, which are those of
   *     the foreign key
   */
  public static ReferredKeys of(ParentKey key, List<String> named, KeyNumbers numbers) {
    List<Integer> places = named.stream().map(key.columns()::indexOf).toList();
    return new ReferredKeys(
        numbers,
        numbers.shape().order().stream()
            .map(place -> key.parentColumns().get(places.get(place)))
            .toList(),
        places);
  }

  /** Of one column of integers. */
  public static ReferredKeys ofInteger(ParentKey key) {
    return of(key, key.columns(), KeyNumbers.INTEGERS);
  }
}
