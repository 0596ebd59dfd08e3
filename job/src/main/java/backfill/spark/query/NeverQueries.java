package backfill.spark.query;

import static backfill.spark.query.Cells.cell;

import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Column.Form;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.QueryShapes;
import backfill.postgres.write.WritePart;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a plan's checks read of its steps, as the analyzer sees it: the rows of a step look like
 * rows of its target. Each check has relations of its own, so that it says alone in which form a
 * value is needed.
 */
final class NeverQueries {
  private final SparkSession empty;
  private final Plan plan;
  private final Map<String, Table> targets;
  private final Map<String, List<String>> outputs;
  private final Map<String, Dataset<Row>> results;
  private final List<String> reasons;

  /** Check to what it reads: each relation with all the columns that it has. */
  private final Map<String, Map<String, List<Column>>> opened = new LinkedHashMap<>();

  /**
   * @param known of steps that this plan leaves out
   * @param results step to what its query gives
   * @param reasons is told why a check cannot be asked
   */
  NeverQueries(
      SparkSession empty,
      Plan plan,
      QueryShapes.Known known,
      Map<String, Dataset<Row>> results,
      List<String> reasons) {
    this.empty = empty;
    this.plan = plan;
    this.targets = known.targets();
    this.outputs = new LinkedHashMap<>(known.outputs());
    results.forEach((step, rows) -> outputs.put(step, List.of(rows.columns())));
    this.results = results;
    this.reasons = reasons;
  }

  /** Is told of a relation that is made known. */
  interface Opened {
    /**
     * @param key tells it apart from the same rows as another check reads them
     * @param shown has its columns
     */
    void relation(String key, Table shown, Dataset<Row> rows);
  }

  /** Makes known what a check reads of steps; false where one of them can't be looked at yet. */
  boolean open(Never check, Opened told) {
    Map<String, List<Column>> relations = new LinkedHashMap<>();
    for (Never.Relation relation : check.relations()) {
      Table target = targets.get(relation.step().name());
      Optional<List<String>> given = given(relation.step(), target);
      if (given.isEmpty()) {
        return false;
      }
      if (target.isPending()) {
        NamedRows.name(ofNoTable(relation, given.get()), relation.name());
      } else {
        List<Column> columns = columns(check, relation, target, given.get());
        Table shown = target.showing(columns);
        Dataset<Row> rows = PlanQueries.rowsOf(empty, columns);
        NamedRows.name(rows, relation.name());
        told.relation(key(check, relation.name()), shown, rows);
        relations.put(relation.name(), columns);
      }
    }
    opened.put(check.name(), relations);
    return true;
  }

  /** To the next check they mean nothing. */
  void close(Never check) {
    check.relations().forEach(relation -> empty.catalog().dropTempView(relation.name()));
  }

  private static String key(Never check, String relation) {
    return relation + " of " + check.name();
  }

  /** What the step gives its target; empty where that is not known. */
  private Optional<List<String>> given(Step.Fill step, Table target) {
    if (target == null || target.isPending() && !results.containsKey(step.name())) {
      return Optional.empty();
    } else if (step instanceof Step.Pairs pairs) {
      return Optional.of(pairs.written());
    }
    boolean skipped = plan.steps().stream().noneMatch(each -> each.name().equals(step.name()));
    // Of a step that does not run there is no row, whatever columns its query would give.
    return Optional.ofNullable(outputs.get(step.name()))
        .or(() -> skipped ? Optional.of(target.columnNames()) : Optional.empty());
  }

  private List<Column> columns(
      Never check, Never.Relation relation, Table target, List<String> given) {
    List<Column> columns = new ArrayList<>();
    written(relation, given).forEach(name -> target.column(name).ifPresent(columns::add));
    for (String name : before(relation, given)) {
      String before = Never.BEFORE + name;
      if (columns.stream().anyMatch(other -> other.name().equalsIgnoreCase(before))) {
        reasons.add(
            "never %s: %s would have two columns %s, one of the target's and one with what %s holds before; rename the first"
                .formatted(check.name(), relation.name(), before, name));
      } else {
        target.column(name).ifPresent(column -> columns.add(column.called(before)));
      }
    }
    return columns;
  }

  /** Of a table that is still to be made it is only known what comes into it. */
  private Dataset<Row> ofNoTable(Never.Relation relation, List<String> given) {
    return results
        .get(relation.step().name())
        .select(
            Stream.concat(
                    written(relation, given).stream().map(Cells::cell),
                    before(relation, given).stream()
                        .map(name -> cell(name).as(Never.BEFORE + name)))
                .toArray(org.apache.spark.sql.Column[]::new));
  }

  private static List<String> written(Never.Relation relation, List<String> given) {
    Step.Fill step = relation.step();
    List<String> columns =
        new ArrayList<>(
            relation.rows() == Never.Rows.REMOVED ? WritePart.read(step, given) : step.key());
    if (relation.rows() != Never.Rows.REMOVED) {
      Set<String> others = relation.rows() == Never.Rows.SET ? ofNewRows(step) : Set.of();
      given.stream()
          .filter(name -> !columns.contains(name) && !others.contains(name))
          .forEach(columns::add);
    }
    return columns;
  }

  /** The columns that only a new row gets. */
  private static Set<String> ofNewRows(Step.Fill step) {
    return step instanceof Step.Rows rows
        ? rows.insertOnly()
        : step instanceof Step.Pairs pairs ? pairs.into().set().keySet() : Set.of();
  }

  private static List<String> before(Never.Relation relation, List<String> given) {
    return relation.rows() == Never.Rows.SET
        ? WritePart.compared(relation.step(), given)
        : List.of();
  }

  /**
   * Check to what it reads of each relation, in the forms that it needs; the key at least, so that
   * rows can be counted.
   *
   * @param needed relation to its columns that the checks name
   */
  Map<String, Map<String, List<Column>>> columns(
      Map<String, Set<String>> needed, Map<String, Map<String, Form>> forms) {
    Map<String, Map<String, List<Column>>> all = new LinkedHashMap<>();
    for (Never check : plan.never()) {
      Map<String, List<Column>> relations = opened.get(check.name());
      if (relations != null) {
        Map<String, List<Column>> read = new LinkedHashMap<>();
        relations.forEach(
            (relation, columns) -> {
              Set<String> names = needed.getOrDefault(key(check, relation), Set.of());
              Map<String, Form> in = forms.getOrDefault(key(check, relation), Map.of());
              read.put(
                  relation,
                  Stream.concat(
                          columns.stream().limit(1).filter(first -> !names.contains(first.name())),
                          columns.stream().filter(column -> names.contains(column.name())))
                      .map(column -> column.in(in.getOrDefault(column.name(), column.form())))
                      .toList());
            });
        all.put(check.name(), read);
      }
    }
    return all;
  }
}
