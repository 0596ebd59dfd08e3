package backfill.spark.query;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Column.Form;
import backfill.postgres.catalog.ValueGroup;
import backfill.spark.query.ColumnUses.SourceColumn;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What all queries of a plan do with the columns of its sources, and what follows: the form in
 * which each is read, and a refusal where a text that stands for another type would be taken for a
 * text.
 */
final class UsesSeen {
  /** What the place of a view's query begins with. */
  static final String VIEW = "view ";

  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  /** Functions that read JSON, by how Spark names them. */
  private static final Pattern OF_JSON =
      Pattern.compile(
          "(?i).*\\b(get_json_object|from_json|json_tuple|parse_json|try_parse_json|json_array_length|json_object_keys|schema_of_json|variant_get|is_valid_json)\\b.*",
          Pattern.DOTALL);

  private final Map<SourceColumn, Set<Use>> seen = new LinkedHashMap<>();
  private final Set<String> refused = new HashSet<>();
  private final Set<String> ofViews = new HashSet<>();
  private final List<String> reasons;

  /** What becomes of a value. */
  enum Use {
    /** It arrives in the result, or is asked for NULL. */
    PASSED_ON,
    /** Its text is asked for. */
    TEXT,
    /** It is compared with others of its column. */
    GROUPED,
    ORDERED,
    /** It is in one column of a result with values of another kind. */
    MIXED,
    /** A function has it. */
    COMPUTED
  }

  /**
   * @param reasons is told what is refused
   */
  UsesSeen(List<String> reasons) {
    this.reasons = reasons;
  }

  /** One use, by the expression with this text. */
  void see(SourceColumn column, Use use, String expression, String place) {
    seen.computeIfAbsent(column, each -> EnumSet.noneOf(Use.class)).add(use);
    boolean fits =
        switch (ValueGroup.of(column.column())) {
          case ENUM -> use != Use.ORDERED;
          case OWN_KIND -> use != Use.ORDERED && use != Use.COMPUTED;
          case PASSED_ON ->
              use == Use.PASSED_ON || use == Use.TEXT || readsJson(column, expression);
          default -> true;
        };
    if (!fits) {
      refuse(column, expression, place, advice(column.column()));
    }
  }

  private static boolean readsJson(SourceColumn column, String expression) {
    return ValueGroup.isJson(column.column()) && OF_JSON.matcher(expression).matches();
  }

  /**
   * It is compared for equality with another column, with a literal, or with what is neither.
   *
   * @param expression of the comparison
   */
  void compared(
      SourceColumn column,
      Optional<SourceColumn> other,
      Optional<String> literal,
      String expression,
      String place) {
    seen.computeIfAbsent(column, each -> EnumSet.noneOf(Use.class)).add(Use.GROUPED);
    Column one = column.column();
    boolean sameType = other.filter(each -> isSameType(one, each.column())).isPresent();
    switch (ValueGroup.of(one)) {
      case UUID -> {
        if (literal.filter(text -> !UUID.matcher(text).matches()).isPresent()) {
          refuse(
              column,
              expression,
              place,
              "a uuid is written as 8-4-4-4-12 lower-case digits, and equals no other text; write it so");
        }
      }
      case OWN_KIND -> {
        if (!sameType) {
          refuse(column, expression, place, advice(one));
        }
      }
      case PASSED_ON -> refuse(column, expression, place, advice(one));
      default -> {}
    }
  }

  private static boolean isSameType(Column one, Column other) {
    return one.castType().equals(other.castType());
  }

  private void refuse(SourceColumn column, String expression, String place, String advice) {
    // A step's query holds the queries of its views, too, which were looked at before.
    String use = column + " " + expression;
    boolean ofView = place.startsWith(VIEW);
    if (!ofViews.contains(use) && refused.add(use + " " + place)) {
      reasons.add(
          "%s: %s is %s, of which a query has the text only, and %s would compare or compute with that text: %s"
              .formatted(place, column, column.column().type(), expression, advice));
    }
    if (ofView) {
      ofViews.add(use);
    }
  }

  private static String advice(Column column) {
    String text = "CAST(%s AS STRING) is its text".formatted(column.name());
    if (ValueGroup.isJson(column)) {
      return "use get_json_object(…) or from_json(…); " + text;
    } else if (column.castType().endsWith("citext")) {
      return "compare lower(CAST(%s AS STRING))".formatted(column.name());
    }
    return switch (ValueGroup.of(column)) {
      case ENUM -> "labels have no order in a query; map them to numbers by CASE";
      case OWN_KIND ->
          "compare it with a column of the same type, or in the source's where; " + text;
      default -> "compare it in the source's where; " + text;
    };
  }

  /** Source to its columns that are not read in their natural form. */
  Map<String, Map<String, Form>> forms() {
    Map<String, Map<String, Form>> forms = new LinkedHashMap<>();
    seen.forEach(
        (column, uses) -> {
          Form form = form(column.column(), uses);
          if (form != Form.NATURAL) {
            forms
                .computeIfAbsent(column.source(), source -> new LinkedHashMap<>())
                .put(column.column().name(), form);
          }
        });
    return forms;
  }

  private static Form form(Column column, Set<Use> uses) {
    return switch (ValueGroup.of(column)) {
      case NUMERIC ->
          EnumSet.of(Use.PASSED_ON, Use.TEXT).containsAll(uses) ? Form.TEXT : Form.NATURAL;
      case ARRAY -> uses.equals(EnumSet.of(Use.PASSED_ON)) ? Form.TEXT : Form.NATURAL;
      case TIME ->
          uses.contains(Use.COMPUTED) || uses.contains(Use.TEXT) ? Form.FINITE : Form.NATURAL;
      default -> Form.NATURAL;
    };
  }
}
