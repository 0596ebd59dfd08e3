package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.Optional;

/**
 * A column as the catalog has it.
 *
 * @param of its type
 * @param notNull by the column or by its domain
 * @param filling what a row that says nothing of it gets
 * @param form in which its values are read
 */
public record Column(String name, Type of, boolean notNull, Filling filling, Form form) {

  /**
   * A column's type.
   *
   * @param name as SQL writes it: {@code integer}, {@code character varying(255)}
   * @param castType what a value is cast to: under a domain its base, and without a length, because
   *     an explicit cast cuts a long value off where an assignment refuses it
   * @param storedType what the column makes of a value: under a domain its base, with the length or
   *     the precision that the column or the domain declares
   * @param kind of the type, or of what an array of it holds, as the catalog has it: {@code b} for
   *     a base type, {@code e} for an enum
   * @param comparable whether it can say that two values are the same
   * @param operators the schema of the operators that say so, of a type that is no built-in one: by
   *     its bare name a session finds {@code =} only where its {@code search_path} has that schema
   * @param looseCollation the collation by which different texts of it are equal, where it has such
   *     a one
   */
  public record Type(
      String name,
      String castType,
      String storedType,
      char kind,
      boolean comparable,
      Optional<String> operators,
      Optional<TableName> looseCollation) {}

  /**
   * What a row that says nothing of a column gets in it.
   *
   * @param defaultValue the column's, or its domain's, as SQL
   * @param generated whether its value is computed from other columns
   * @param sequence what its default or its identity takes values from
   */
  public record Filling(
      Optional<String> defaultValue,
      boolean generated,
      Identity identity,
      Optional<TableName> sequence) {
    /** NULL. */
    public static final Filling NONE =
        new Filling(Optional.empty(), false, Identity.NONE, Optional.empty());
  }

  /** Whether the server numbers the column, and whether a statement may say otherwise. */
  public enum Identity {
    NONE,
    BY_DEFAULT,
    ALWAYS
  }

  /** In which form a column's values are read. */
  public enum Form {
    /** As the engine has the type, or as the server's text where it has none. */
    NATURAL,
    /** Times of which a query asks for more than an order: infinity is an error. */
    FINITE,
    /** The server's text, also of a number or an array. */
    TEXT,
    /** A text that two values share if and only if the server takes them for equal. */
    KEY;

    /**
     * The form for two queries: one that computes with a value needs more than one that passes it
     * on.
     */
    static Form forBoth(Form one, Form other) {
      return one == FINITE || other == FINITE ? FINITE : one == other ? one : NATURAL;
    }
  }

  /** The same column, read in this form. */
  public Column in(Form other) {
    return with(name, other);
  }

  /** The same column under another name. */
  public Column called(String other) {
    return with(other, form);
  }

  private Column with(String otherName, Form other) {
    return new Column(otherName, of, notNull, filling, other);
  }

  public String type() {
    return of.name();
  }

  public String castType() {
    return of.castType();
  }

  public String storedType() {
    return of.storedType();
  }

  public char kind() {
    return of.kind();
  }

  public boolean comparable() {
    return of.comparable();
  }

  public Optional<TableName> looseCollation() {
    return of.looseCollation();
  }

  public Optional<String> defaultValue() {
    return filling.defaultValue();
  }

  public boolean generated() {
    return filling.generated();
  }

  public Identity identity() {
    return filling.identity();
  }

  public Optional<TableName> sequence() {
    return filling.sequence();
  }

  /** One of its type's operators, as {@code =}, for a statement. */
  String operator(String sign) {
    return of.operators()
        .map(schema -> "OPERATOR(" + TableName.quote(schema) + "." + sign + ")")
        .orElse(sign);
  }

  /** Whether a row that says nothing of the column gets a value all the same. */
  public boolean hasDefault() {
    return filling.defaultValue().isPresent();
  }

  /** Whether a row can be added without a value for it. */
  public boolean fillsItself() {
    return !notNull || hasDefault() || generated() || identity() != Identity.NONE;
  }

  /** Why no statement may write to it; empty if one may. */
  public Optional<String> unwritable() {
    if (generated()) {
      return Optional.of("is a generated column");
    }
    return identity() == Identity.ALWAYS
        ? Optional.of("is GENERATED ALWAYS AS IDENTITY")
        : Optional.empty();
  }
}
