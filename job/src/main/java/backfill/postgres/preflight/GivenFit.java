package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether what a query gives can go into a column exactly: values of the identical type, of
 * a type that the column's holds without loss, or texts that the server reads as it reads any
 * literal. Everything else needs a CAST in the query, so that the plan says what becomes of a
 * fraction, a time zone or a form.
 */
final class GivenFit {
  private static final Set<String> INTEGERS = Set.of("tinyint", "smallint", "int", "bigint");

  /** Integers that a floating-point number of four or eight bytes holds exactly. */
  private static final Set<String> IN_REAL = Set.of("tinyint", "smallint");

  private static final Set<String> IN_DOUBLE = Set.of("tinyint", "smallint", "int");

  /** Types whose values are texts in the first place. */
  private static final Set<String> TEXTS = Set.of("text", "character varying");

  private static final List<String> FORMLESS = List.of("struct<", "map<", "variant", "interval");

  private GivenFit() {}

  /** Why values do not fit a column, and what to write instead; empty if they do. */
  static Optional<String> refusal(GivenType given, Table table, Column column) {
    return advice(given, column)
        .map(
            advice ->
                "the query gives %s.%s, which is %s, as %s; %s"
                    .formatted(table.name(), column.name(), column.type(), given, advice));
  }

  private static Optional<String> advice(GivenType given, Column column) {
    if (given.origin().isPresent() && isOf(given.origin().get(), column)) {
      return Optional.empty();
    }
    String engine = given.engine();
    if (engine.equals("void") || engine.equals("array<void>")) {
      return Optional.empty();
    }
    if (FORMLESS.stream().anyMatch(engine::startsWith)) {
      return Optional.of(formOf(engine));
    }
    if (column.castType().endsWith("[]")) {
      return array(given, column);
    }
    if (engine.startsWith("array<")) {
      return Optional.of("give one value, as element_at(…, 1) does, or a text by to_json(…)");
    }
    return scalar(given, column);
  }

  /** Values go on as they are where the types are the same one, wherever they were declared. */
  private static boolean isOf(Column origin, Column column) {
    return origin.castType().equals(column.castType())
        || origin.kind() == column.kind()
            && "ec".indexOf(column.kind()) >= 0
            && unqualified(origin.castType()).equals(unqualified(column.castType()));
  }

  private static String unqualified(String type) {
    return type.substring(type.lastIndexOf('.') + 1);
  }

  private static String formOf(String engine) {
    return engine.startsWith("interval")
        ? "no form of it is PostgreSQL's; give a text that PostgreSQL reads, as concat(unix_seconds(…), ' seconds')"
        : "give a text, as to_json(…) makes one";
  }

  private static Optional<String> scalar(GivenType given, Column column) {
    String engine = given.engine();
    boolean text = engine.startsWith("string");
    return switch (ValueGroup.of(column)) {
      case INTEGER ->
          unless(
              INTEGERS.contains(engine) || text && isComputedText(given),
              "CAST it AS INT or BIGINT");
      case BOOLEAN -> unless(engine.equals("boolean"), "compare it, as in … = 1");
      case FLOAT ->
          // The server reads a decimal as it reads any number that is written out.
          column.castType().equals("real")
              ? unless(
                  engine.equals("float")
                      || IN_REAL.contains(engine)
                      || engine.startsWith("decimal")
                      || text && isComputedText(given),
                  "CAST it AS FLOAT")
              : unless(
                  engine.equals("double")
                      || IN_DOUBLE.contains(engine)
                      || engine.startsWith("decimal")
                      || text && isComputedText(given),
                  "CAST it AS DOUBLE");
      case NUMERIC ->
          unless(
              INTEGERS.contains(engine)
                  || engine.startsWith("decimal")
                  || text && isComputedText(given),
              "CAST it AS DECIMAL(…, …)");
      case TIME -> time(given, column);
      case BYTES -> unless(engine.equals("binary"), "CAST it AS BINARY, or unhex(…) it");
      case TEXT -> intoText(given);
      case ENUM, UUID, OWN_KIND, PASSED_ON ->
          column.castType().equals("bpchar") || column.looseCollation().isPresent()
              ? intoText(given)
              : unless(
                  text && (isComputedText(given) || isJsonBoth(given, column)),
                  "CAST it AS STRING in a form that PostgreSQL reads as %s"
                      .formatted(column.type()));
      case ARRAY, REFUSED -> Optional.empty();
    };
  }

  private static Optional<String> time(GivenType given, Column column) {
    String wanted =
        switch (column.castType()) {
          case "date" -> "date";
          case "timestamp without time zone" -> "timestamp_ntz";
          default -> "timestamp";
        };
    return unless(
        given.engine().equals(wanted)
            || given.engine().startsWith("string") && isComputedText(given),
        "which zone is meant? CAST it AS %s".formatted(wanted.toUpperCase(java.util.Locale.ROOT)));
  }

  /** Of these each has one text only, the one that the server writes, too. */
  private static Optional<String> intoText(GivenType given) {
    String engine = given.engine();
    return unless(
        engine.startsWith("string") || INTEGERS.contains(engine) || engine.equals("boolean"),
        "CAST it AS STRING");
  }

  private static Optional<String> array(GivenType given, Column column) {
    String engine = given.engine();
    if (engine.startsWith("string")) {
      return unless(isComputedText(given), "give an array");
    }
    if (!engine.startsWith("array<")) {
      return Optional.of("give array(…)");
    }
    String element = engine.substring("array<".length(), engine.length() - 1);
    if (element.startsWith("array<")) {
      return Optional.of("give a text that PostgreSQL reads as an array, as '{{1,2},{3,4}}'");
    }
    return advice(GivenType.computed(element), elementOf(column));
  }

  private static Column elementOf(Column column) {
    String type = column.castType().substring(0, column.castType().length() - 2);
    return new Column(
        column.name(),
        new Column.Type(
            type,
            type,
            type,
            column.kind(),
            column.comparable(),
            column.of().operators(),
            column.looseCollation()),
        false,
        Column.Filling.NONE,
        Column.Form.NATURAL);
  }

  /** A text of the query's own, or of a text column; not the text that stands for another type. */
  private static boolean isComputedText(GivenType given) {
    return given.origin().map(origin -> TEXTS.contains(origin.castType())).orElse(true);
  }

  private static boolean isJsonBoth(GivenType given, Column column) {
    return ValueGroup.isJson(column) && given.origin().filter(ValueGroup::isJson).isPresent();
  }

  private static Optional<String> unless(boolean fits, String advice) {
    return fits ? Optional.empty() : Optional.of(advice);
  }
}
