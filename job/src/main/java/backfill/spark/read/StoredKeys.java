package backfill.spark.read;

import backfill.membership.key.KeyList;
import backfill.postgres.snapshot.KeyShape;
import java.io.Serializable;
import java.util.List;

/**
 * How keys are stored that sources name: with their parts in the order of the shape, and texts of
 * at most so many characters.
 *
 * @param characters for each column, in the plan's order
 */
public record StoredKeys(KeyShape shape, List<Integer> characters) implements Serializable {
  private static final int ANY = Integer.MAX_VALUE;

  public StoredKeys {
    characters = List.copyOf(characters);
  }

  /** Keys that are only compared with others of their kind. */
  public static StoredKeys asNamed(KeyShape shape) {
    return new StoredKeys(shape, shape.types().stream().map(type -> ANY).toList());
  }

  /** The same without a look at how long texts are: a column has what it stores. */
  StoredKeys ofTheTarget() {
    return asNamed(shape);
  }

  /** Whether every key is stored as it is named. */
  boolean changesNothing() {
    return shape.equals(shape.asNamed()) && characters.stream().allMatch(most -> most == ANY);
  }

  KeyList of(KeyList named) {
    return changesNothing() ? named : shape.stored(named, characters);
  }
}
