package backfill.postgres.catalog;

import backfill.membership.key.KeyText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * The types of a column whose values are keys: rows can be fetched by them, and pairs are made of
 * them.
 */
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

  /** That of a column; empty where its values are no keys. */
  public static Optional<KeyType> of(Column column) {
    return Arrays.stream(values())
        .filter(type -> type.types.contains(column.castType()))
        .findFirst();
  }

  /** The type as which keys are sent and read. */
  public String element() {
    return element;
  }

  /**
   * The bytes of a key, by which two of them are the same: a uuid's sixteen, a text's UTF-8; empty
   * for a text that is none of this type.
   */
  public Optional<byte[]> bytes(String text) {
    return switch (this) {
      case UUID -> KeyText.uuidBytes(text);
      case TEXT -> Optional.of(text.getBytes(StandardCharsets.UTF_8));
      case INTEGER -> throw new IllegalStateException("an integer is read as a number");
    };
  }

  /** The text of {@link #bytes}, as PostgreSQL writes it. */
  public String text(byte[] bytes) {
    return switch (this) {
      case UUID -> KeyText.ofUuid(bytes);
      case TEXT -> KeyText.ofUtf8(bytes);
      case INTEGER -> throw new IllegalStateException("an integer is read as a number");
    };
  }
}
