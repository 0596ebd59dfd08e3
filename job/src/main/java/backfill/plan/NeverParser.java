package backfill.plan;

import backfill.plan.sql.SqlLexer;
import backfill.plan.sql.TablesInQuery;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads what a plan must never do, and finds what each query means by the rows of a step. */
final class NeverParser {
  private static final String KEY = "never";

  private final Node plan;
  private final Optional<Node> block;
  private final Map<String, String> queries = new LinkedHashMap<>();
  private final Map<String, Never.Relation> rowsOfSteps = new LinkedHashMap<>();

  NeverParser(Node plan, SqlCheck sql) {
    this.plan = plan;
    this.block = plan.object(KEY);
    block.ifPresent(node -> node.keys().forEach(name -> query(node, name, sql)));
  }

  private void query(Node node, String name, SqlCheck sql) {
    ConfigValue value = node.value(name).orElseThrow();
    if (!Node.NAME.matcher(name).matches()) {
      node.problems().at(value.origin(), "a name under never " + Node.NAME_EXPECTED + name);
    }
    node.text(name)
        .ifPresent(
            text -> {
              sql.query(node, name, text);
              queries.put(name, text);
            });
  }

  /**
   * The checks, in the order of the file's lines.
   *
   * @param named of the plan's sources and views
   */
  List<Never> of(List<Step> steps, Set<String> named) {
    if (block.isEmpty()) {
      return List.of();
    }
    for (Step.Fill step : Step.fills(steps)) {
      for (Never.Rows rows : Never.Rows.values()) {
        rowsOfSteps.put(rows.of(step.name()), new Never.Relation(step, rows));
      }
    }
    if (rowsOfSteps.isEmpty()) {
      plan.problem(
          KEY, "is about what steps of pairs and of rows would do, and the plan has none of them");
    }
    Stream.of("sources", "views")
        .flatMap(key -> plan.object(key).stream())
        .forEach(node -> node.keys().forEach(name -> refuseTaken(node, name)));
    List<Never> checks = new ArrayList<>();
    queries.forEach((name, query) -> checks.add(read(name, query, steps, named)));
    return checks;
  }

  private void refuseTaken(Node node, String name) {
    Never.Relation relation = rowsOfSteps.get(name);
    if (relation != null) {
      node.problem(
          name,
          "is what a query under never calls rows of step %s; choose another name"
              .formatted(relation.step().name()));
    }
  }

  private Never read(String name, String query, List<Step> steps, Set<String> named) {
    List<Never.Relation> relations = new ArrayList<>();
    for (String read : TablesInQuery.in(query)) {
      Never.Relation relation = rowsOfSteps.get(read);
      boolean defined = isDefined(read, query);
      if (relation != null) {
        relations.add(relation);
        refuseIdle(name, read, relation, defined);
      } else if (!defined && !named.contains(read)) {
        refuseUnknown(name, read, steps);
      }
    }
    return new Never(name, query, relations);
  }

  private void refuseIdle(String name, String read, Never.Relation relation, boolean defined) {
    String step = relation.step().name();
    if (defined) {
      block
          .orElseThrow()
          .problem(
              name, "defines %s, which is what rows of step %s are called".formatted(read, step));
    } else if (!relation.mayHaveRows()) {
      block
          .orElseThrow()
          .problem(
              name,
              "reads %s, but step %s never %s"
                  .formatted(
                      read,
                      step,
                      relation.rows() == Never.Rows.SET
                          ? "sets a row"
                          : relation.rows() == Never.Rows.ADDED
                              ? "adds a row"
                              : "takes a row away"));
    }
  }

  /** A query's own WITH comes before what else there is of the name. */
  private static boolean isDefined(String name, String query) {
    List<String> words =
        SqlLexer.tokensOfEither(query).stream()
            .filter(token -> token.kind() != SqlLexer.Kind.COMMENT)
            .map(token -> token.text().toLowerCase(Locale.ROOT))
            .toList();
    for (int at = 0; at < words.size(); at++) {
      if (words.get(at).equals(name)) {
        int next = at + 1;
        if (next < words.size() && words.get(next).equals("(")) {
          next = next + words.subList(next, words.size()).indexOf(")") + 1;
        }
        if (next + 1 < words.size()
            && words.get(next).equals("as")
            && words.get(next + 1).equals("(")) {
          return true;
        }
      }
    }
    return false;
  }

  private void refuseUnknown(String name, String read, List<Step> steps) {
    for (Never.Rows rows : Never.Rows.values()) {
      if (read.startsWith(rows.prefix())) {
        String message =
            steps.stream()
                .filter(step -> rows.of(step.name()).equals(read))
                .findFirst()
                .map(
                    step ->
                        "reads %s, but step %s is of kind %s; only steps of pairs and of rows have such rows"
                            .formatted(
                                read, step.name(), step instanceof Step.Ddl ? "ddl" : "batches"))
                .orElse(
                    "reads %s, but no step has rows that are called so%s"
                        .formatted(read, Nearest.hint(read, rowsOfSteps.keySet())));
        block.orElseThrow().problem(name, message);
      }
    }
  }
}
