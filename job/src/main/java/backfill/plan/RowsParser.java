package backfill.plan;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads a step of rows, and what it has in common with one of pairs. */
final class RowsParser {
  private final SqlCheck sql;
  private final SettingsParser settings;

  RowsParser(SqlCheck sql, SettingsParser settings) {
    this.sql = sql;
    this.settings = settings;
  }

  Step read(Node step, String name, Optional<String> onlyIf) {
    Optional<String> query = step.requiredText("query");
    query.ifPresent(text -> sql.query(step, "query", text));
    Step.Mode mode = mode(step);
    IntoRows target =
        step.requiredObject("into")
            .map(
                into -> {
                  String table = StepParser.column(into, "table");
                  List<String> key = into.requiredTexts("key");
                  Optional<String> object = into.text("object");
                  Optional<String> user = into.text("user");
                  into.done();
                  return new IntoRows(table, key, object, user);
                })
            .orElse(null);
    List<String> key = target == null ? List.of() : target.key();
    Set<String> insertOnly = columns(step, "insert-only", key);
    Set<String> touch = columns(step, "touch", key);
    if (!insertOnly.isEmpty() && mode != Step.Mode.UPSERT) {
      step.problem("insert-only", "goes with mode = upsert alone, which both adds and sets rows");
    }
    if (!touch.isEmpty() && mode == Step.Mode.INSERT_MISSING) {
      step.problem("touch", "needs a mode that sets rows, upsert or update");
    }
    for (String column : touch) {
      if (insertOnly.contains(column)) {
        step.problem("touch", "names " + column + ", and so does insert-only; keep one of them");
      }
    }
    Step.Surplus surplus = surplus(step, Step.Surplus.IGNORE);
    if (surplus != Step.Surplus.IGNORE && mode == Step.Mode.UPDATE) {
      step.problem(
          "surplus", "needs a mode that adds rows, upsert or insert-missing: no other row is ours");
    }
    Map<String, String> unmatched = step.namedTexts("unmatched");
    step.object("unmatched")
        .ifPresent(block -> unmatched.forEach((each, text) -> sql.query(block, each, text)));
    return new Step.Rows(
        name,
        onlyIf,
        new Step.Rows.Asked(query.orElse(""), unmatched),
        target,
        new Step.Rows.Writing(mode, insertOnly, touch),
        surplus,
        owns(step, sql),
        settings.write(step));
  }

  private static Step.Mode mode(Node step) {
    if (!step.required("mode")) {
      return Step.Mode.INSERT_MISSING;
    }
    return switch (step.word("mode", "insert-missing", "upsert", "update")) {
      case "upsert" -> Step.Mode.UPSERT;
      case "update" -> Step.Mode.UPDATE;
      default -> Step.Mode.INSERT_MISSING;
    };
  }

  private static Set<String> columns(Node step, String list, List<String> key) {
    Set<String> columns = new LinkedHashSet<>(step.texts(list));
    for (String column : columns) {
      if (key.contains(column)) {
        step.problem(list, "names " + column + ", which is part of the key and never set");
      }
    }
    return columns;
  }

  /** What becomes of rows that nothing justifies. */
  static Step.Surplus surplus(Node step, Step.Surplus otherwise) {
    if (step.value("surplus").isEmpty()) {
      return otherwise;
    }
    return switch (step.word("surplus", "report", "delete", "ignore")) {
      case "delete" -> Step.Surplus.DELETE;
      case "ignore" -> Step.Surplus.IGNORE;
      default -> Step.Surplus.REPORT;
    };
  }

  /** Which rows of the target are the step's. */
  static Optional<String> owns(Node step, SqlCheck sql) {
    Optional<String> owns = step.text("owns");
    owns.ifPresent(condition -> sql.selection(step, "owns", condition));
    return owns;
  }
}
