package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.Map;

/**
 * A column that is written: its name, and the type that its values are cast to. Values of types
 * that Java has travel as themselves; all others as text that the server casts, so that an enum or
 * a uuid needs no class of its own.
 *
 * @param equality the operator by which two values are the same, as a statement names it
 * @param overEnum whether its type is an enum or a domain over one; the server has no operator for
 *     the domain
 * @param nullsMatch whether two rows that both have NULL here are the same row: a key column whose
 *     unique index is NULLS NOT DISTINCT
 */
public record TargetColumn(
    String name, String type, String equality, boolean overEnum, boolean nullsMatch)
    implements Serializable {
  private static final String EQUALS = "=";
  private static final char ENUM = 'e';

  private static final Map<String, String> OWN_ARRAYS =
      Map.of("smallint", "int2", "integer", "int4", "bigint", "int8", "boolean", "bool");

  /** A column of a built-in type in which no NULL is a key. */
  public TargetColumn(String name, String type) {
    this(name, type, EQUALS, false, false);
  }

  /** A table's column, as values are written to it. */
  public static TargetColumn of(Column column, boolean nullsMatch) {
    return new TargetColumn(
        column.name(),
        column.castType(),
        column.operator(EQUALS),
        column.kind() == ENUM,
        nullsMatch);
  }

  /** SQL that holds where a column and a value of its type are the same key. */
  public String same(String one, String other) {
    return nullsMatch ? orBothNull(one, other) : equal(one, other);
  }

  /** SQL that holds where a column and a value of its type are equal, and neither is NULL. */
  public String equal(String one, String other) {
    return compared(one) + " " + equality + " " + other;
  }

  private String compared(String stored) {
    return overEnum ? stored + "::" + type : stored;
  }

  private String orBothNull(String one, String other) {
    return "(%s OR %s IS NULL AND %s IS NULL)".formatted(equal(one, other), one, other);
  }

  /** SQL that holds where both are the same value, or NULL. */
  public String unchanged(String one, String other) {
    return equality.equals(EQUALS)
        ? compared(one) + " IS NOT DISTINCT FROM " + other
        : orBothNull(one, other);
  }

  /**
   * The element type of the array that carries this column's values, as {@code createArrayOf} names
   * it.
   */
  public String elementType() {
    return OWN_ARRAYS.getOrDefault(type, "text");
  }

  /** Whether it holds integers, whatever their width. */
  public boolean isInteger() {
    return elementType().startsWith("int");
  }

  /**
   * A value as the array of {@link #elementType()} takes it. Whether a text or a fraction is an
   * integer is the server's to say: narrowing it here would change it silently.
   */
  public Object element(Object value) {
    if (value == null) {
      return null;
    }
    return value instanceof Long || value instanceof Boolean ? value : value.toString();
  }

  public String quoted() {
    return TableName.quote(name);
  }
}
