package backfill.postgres;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/** The types of a column by whose values rows can be fetched, and how such values are sent. */
public enum KeyType {
  /** Of two, four or eight bytes; sent as eight, which an index on each of them answers. */
  INTEGER("int8", Set.of("smallint", "integer", "bigint")),
  UUID("uuid", Set.of("uuid")),
  TEXT("text", Set.of("text", "character varying"));

  private final String element;
  private final Set<String> types;

  KeyType(String element, Set<String> types) {
    this.element = element;
    this.types = types;
  }

  /** That of a column; empty where no rows are fetched by it. */
  public static Optional<KeyType> of(Column column) {
    return Arrays.stream(values())
        .filter(type -> type.types.contains(column.castType()))
        .findFirst();
  }

  /** The type of an element of the array that is sent. */
  String element() {
    return element;
  }
}
