package backfill.postgres;

import java.io.Serializable;
import java.util.Map;

/**
 * A column that is written: its name and its type as SQL writes it. Values of types that Java has
 * travel as themselves; all others as text that the server casts, so that an enum or a uuid needs
 * no class of its own.
 */
public record TargetColumn(String name, String type) implements Serializable {
  private static final Map<String, String> OWN_ARRAYS =
      Map.of("smallint", "int2", "integer", "int4", "bigint", "int8", "boolean", "bool");

  /**
   * The element type of the array that carries this column's values, as {@code createArrayOf} names
   * it.
   */
  String elementType() {
    return OWN_ARRAYS.getOrDefault(type, "text");
  }

  /** A value as the array of {@link #elementType()} takes it. */
  Object element(Object value) {
    if (value == null) {
      return null;
    }
    return switch (elementType()) {
      case "int2" -> toShort(((Number) value).longValue());
      case "int4" -> Math.toIntExact(((Number) value).longValue());
      case "int8" -> ((Number) value).longValue();
      case "bool" -> value;
      default -> value.toString();
    };
  }

  String quoted() {
    return TableName.quote(name);
  }

  private static Short toShort(long value) {
    if ((short) value != value) {
      throw new ArithmeticException("smallint overflow: " + value);
    }
    return (short) value;
  }
}
