package backfill.postgres;

import java.util.Optional;

/**
 * A column as the catalog has it.
 *
 * @param type as SQL writes it: {@code integer}, {@code character varying(255)}
 * @param castType what a value is cast to: under a domain its base, and without a length, because
 *     an explicit cast cuts a long value off where an assignment refuses it
 * @param notNull by the column or by its domain
 * @param hasDefault by the column or by its domain
 * @param generated whether its value is computed from other columns
 * @param sequence what its default or its identity takes values from
 */
public record Column(
    String name,
    String type,
    String castType,
    boolean notNull,
    boolean hasDefault,
    boolean generated,
    Identity identity,
    Optional<TableName> sequence) {

  /** Whether the server numbers the column, and whether a statement may say otherwise. */
  public enum Identity {
    NONE,
    BY_DEFAULT,
    ALWAYS
  }

  /** Whether a row can be added without a value for it. */
  public boolean fillsItself() {
    return !notNull || hasDefault || generated || identity != Identity.NONE;
  }

  /** Why no statement may write to it; empty if one may. */
  Optional<String> unwritable() {
    if (generated) {
      return Optional.of("is a generated column");
    }
    return identity == Identity.ALWAYS
        ? Optional.of("is GENERATED ALWAYS AS IDENTITY")
        : Optional.empty();
  }
}
