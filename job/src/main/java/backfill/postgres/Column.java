package backfill.postgres;

import java.util.Optional;

/**
 * A column as the catalog has it.
 *
 * @param type as SQL writes it: {@code integer}, {@code character varying(255)}
 * @param castType what a value is cast to: under a domain its base, and without a length, because
 *     an explicit cast cuts a long value off where an assignment refuses it
 * @param notNull by the column or by its domain
 * @param defaultValue the column's, or its domain's, as SQL
 * @param generated whether its value is computed from other columns
 * @param kind of the type, or of what an array of it holds, as the catalog has it: {@code b} for a
 *     base type, {@code e} for an enum
 * @param comparable whether its type can say that two values are the same
 * @param sequence what its default or its identity takes values from
 * @param looseCollation the collation by which different texts of it are equal, where it has such a
 *     one
 */
public record Column(
    String name,
    String type,
    String castType,
    boolean notNull,
    Optional<String> defaultValue,
    boolean generated,
    Identity identity,
    char kind,
    boolean comparable,
    Optional<TableName> sequence,
    Optional<String> looseCollation) {

  /** Whether the server numbers the column, and whether a statement may say otherwise. */
  public enum Identity {
    NONE,
    BY_DEFAULT,
    ALWAYS
  }

  /** Whether a row that says nothing of the column gets a value all the same. */
  public boolean hasDefault() {
    return defaultValue.isPresent();
  }

  /** Whether a row can be added without a value for it. */
  public boolean fillsItself() {
    return !notNull || hasDefault() || generated || identity != Identity.NONE;
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
