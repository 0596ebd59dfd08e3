package backfill.postgres;

import java.io.Serializable;
import java.util.Map;

/**
 * A column that is written: its name, and the type that its values are cast to. Values of types
 * that Java has travel as themselves; all others as text that the server casts, so that an enum or
 * a uuid needs no class of its own.
 *
 * @param equality the operator by which two values are the same, as a statement names it
 * @param nullsMatch whether two rows that both have NULL here are the same row: a key column whose
 *     unique index is NULLS NOT DISTINCT
 */
public record TargetColumn(String name, String type, String equality, boolean nullsMatch)
    implements Serializable {
  private static final String EQUALS = "=";

  private static final Map<String, String> OWN_ARRAYS =
      Map.of("smallint", "int2", "integer", "int4", "bigint", "int8", "boolean", "bool");

  /** A column of a built-in type in which no NULL is a key. */
  public TargetColumn(String name, String type) {
    this(name, type, EQUALS, false);
  }

  /** A table's column, as values are written to it. */
  public static TargetColumn of(Column column, boolean nullsMatch) {
    return new TargetColumn(column.name(), column.castType(), column.operator(EQUALS), nullsMatch);
  }

  /** SQL that holds where both are the same key; each is an expression. */
  String same(String one, String other) {
    return nullsMatch ? orBothNull(one, other) : one + " " + equality + " " + other;
  }

  private String orBothNull(String one, String other) {
    return "(%1$s %2$s %3$s OR %1$s IS NULL AND %3$s IS NULL)".formatted(one, equality, other);
  }

  /** SQL that holds where both are the same value, or NULL. */
  String unchanged(String one, String other) {
    return equality.equals(EQUALS)
        ? one + " IS NOT DISTINCT FROM " + other
        : orBothNull(one, other);
  }

  /**
   * The element type of the array that carries this column's values, as {@code createArrayOf} names
   * it.
   */
  String elementType() {
    return OWN_ARRAYS.getOrDefault(type, "text");
  }

  /** Whether it holds integers, whatever their width. */
  boolean isInteger() {
    return elementType().startsWith("int");
  }

  /**
   * A value as the array of {@link #elementType()} takes it. Whether a text or a fraction is an
   * integer is the server's to say: narrowing it here would change it silently.
   */
  Object element(Object value) {
    if (value == null) {
      return null;
    }
    return value instanceof Long || value instanceof Boolean ? value : value.toString();
  }

  String quoted() {
    return TableName.quote(name);
  }
}
