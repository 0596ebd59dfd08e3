package backfill.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** Reads the steps that change a database from within: batches and ddl. */
final class ChangeParser {
  private static final List<String> DEFINITIONS = List.of("creates", "drops", "not-null", "enum");

  private final SqlCheck sql;
  private final SettingsParser settings;

  ChangeParser(SqlCheck sql, SettingsParser settings) {
    this.sql = sql;
    this.settings = settings;
  }

  Step batches(Node step, String name, Optional<String> onlyIf) {
    String table = StepParser.column(step, "table");
    List<String> key = step.texts("key");
    Optional<String> where = step.requiredText("where");
    where.ifPresent(condition -> sql.selection(step, "where", condition));
    boolean delete = step.flag("delete");
    Map<String, String> set = step.namedTexts("set");
    step.object("set")
        .ifPresent(block -> set.forEach((column, value) -> sql.assigned(block, column, value)));
    for (String column : key) {
      if (set.containsKey(column)) {
        step.problem("set", "sets " + column + ", a column of the key that it goes along");
      }
    }
    if (delete == !set.isEmpty()) {
      step.problem(
          step.owner()
              + (delete ? " has both set and delete" : " neither sets nor deletes")
              + "; give it set { column = expression }, or delete = true");
      return null;
    }
    return new Step.InPlace(name, onlyIf, table, key, where.orElse(""), set, settings.write(step));
  }

  Step ddl(Node step, String name, Optional<String> onlyIf) {
    List<String> given = DEFINITIONS.stream().filter(each -> step.value(each).isPresent()).toList();
    if (given.size() != 1) {
      step.problem(
          step.owner()
              + (given.isEmpty() ? " changes nothing" : " has " + String.join(" and ", given))
              + "; give it one of "
              + String.join(", ", DEFINITIONS));
      DEFINITIONS.forEach(step::value);
      step.value("statement");
      step.value("values");
      return null;
    }
    Definition definition =
        switch (given.get(0)) {
          case "creates" -> stated(step, "creates", Definition.Creates::new);
          case "drops" -> stated(step, "drops", Definition.Drops::new);
          case "not-null" -> notNull(step);
          default ->
              new Definition.EnumValues(
                  step.requiredText("enum").orElse(""), step.requiredTexts("values"));
        };
    return new Step.Ddl(name, onlyIf, definition);
  }

  private Definition stated(
      Node step, String key, BiFunction<String, String, Definition> definition) {
    String object = step.requiredText(key).orElse("");
    Optional<String> statement = step.requiredText("statement");
    statement.ifPresent(text -> sql.condition(step, "statement", text));
    return definition.apply(object, statement.orElse(""));
  }

  private static Definition notNull(Node step) {
    List<String> columns = new ArrayList<>();
    for (String column : step.texts("not-null")) {
      if (column.indexOf('.') < 1 || column.endsWith(".")) {
        step.problem("not-null", "must name columns as table.column, got " + column);
      }
      columns.add(column);
    }
    return new Definition.NotNull(columns);
  }
}
