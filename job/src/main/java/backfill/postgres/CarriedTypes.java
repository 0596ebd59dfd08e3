package backfill.postgres;

import java.util.Optional;
import java.util.Set;

/**
 * Decides which types of columns are carried from a table to another without a change: values that
 * the engine knows, and texts that the server writes one way, whoever asks.
 */
final class CarriedTypes {
  /** What an array may hold: no text of these depends on a setting of the session. */
  private static final Set<String> ELEMENTS =
      Set.of(
          "smallint",
          "integer",
          "bigint",
          "boolean",
          "real",
          "double precision",
          "text",
          "character varying",
          "citext",
          "uuid",
          "inet",
          "cidr");

  private CarriedTypes() {}

  /** Why a column cannot be read or written by queries; empty if it can. */
  static Optional<String> refusal(Table table, Column column) {
    String type = column.castType();
    boolean carried =
        type.endsWith("[]")
            ? column.kind() == 'e' || ELEMENTS.contains(type.substring(0, type.length() - 2))
            : (column.kind() == 'b' || column.kind() == 'e') && !type.equals("money");
    return carried
        ? Optional.empty()
        : Optional.of(
            "%s.%s is %s, which no query carries unchanged; leave it out, or use a column of another type"
                .formatted(table.name(), column.name(), column.type()));
  }

  /** Why nobody can say whether a column's value has changed; empty if one can. */
  static Optional<String> incomparable(Table table, Column column) {
    return column.comparable()
        ? Optional.empty()
        : Optional.of(
            "%s.%s is %s, of which PostgreSQL cannot say whether two values are the same; name it under"
                    .formatted(table.name(), column.name(), column.type())
                + " insert-only or touch");
  }
}
