package backfill.postgres.explain;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Server;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Explains a row of a step of rows: whether the target has it, and what runs did to it. What gives
 * it is a query, which only a run computes.
 */
public final class RowExplainer {
  private final Plan plan;
  private final SnapshotLook look;
  private final Findings findings = new Findings();

  private RowExplainer(Plan plan, SnapshotLook look) {
    this.plan = plan;
    this.look = look;
  }

  /**
   * A step and the row that is looked at there.
   *
   * @param values of the key, a column each
   */
  private record Subject(Step.Rows step, Relation target, Map<Column, String> values) {
    Map<String, String> key() {
      Map<String, String> key = new LinkedHashMap<>();
      values.forEach((column, value) -> key.put(column.name(), value));
      return key;
    }

    Sql matched(Sql sql) {
      String and = "";
      for (Map.Entry<Column, String> each : values.entrySet()) {
        sql.add(and + Relation.quoted(each.getKey()) + " = ")
            .addValue(each.getValue(), each.getKey().castType());
        and = " AND ";
      }
      return sql;
    }
  }

  /**
   * @param steps at least one, of the plan's
   * @param key {@code COLUMN=VALUE} for each column of the key; of a single one the value will do
   * @throws InvalidPlanException if it is the key of no row of these steps
   * @throws NotReadyException if the server cannot be reached or a table cannot be read
   */
  public static Explanation of(
      Plan plan, List<Step.Rows> steps, NamedDatabases databases, List<String> key) {
    return SnapshotLook.with(
        plan, databases, look -> new RowExplainer(plan, look).explain(steps, databases, key));
  }

  private Explanation explain(List<Step.Rows> steps, NamedDatabases databases, List<String> key)
      throws SQLException {
    look.checkServers(databases, findings);
    String now = Server.now(look.writing());
    List<Subject> subjects = new ArrayList<>();
    List<String> unfit = new ArrayList<>();
    for (Step.Rows step : steps) {
      Map<String, String> given = given(step, key);
      if (given == null) {
        unfit.add(
            "step %s knows its rows by %s; give --key COLUMN=VALUE for each"
                .formatted(step.name(), String.join(", ", step.key())));
      } else {
        subject(step, given, now, unfit).ifPresent(subjects::add);
      }
    }
    findings.throwIfRefused();
    if (subjects.isEmpty()) {
      throw new InvalidPlanException("explain", String.join("; ", unfit));
    }
    RowHistory history = RowHistory.look(plan, look, findings);
    findings.throwIfRefused();
    look.begin();
    List<StepExplanation> explained = new ArrayList<>();
    for (Subject subject : subjects) {
      explained.add(explained(subject, history));
    }
    return new Explanation(explained, look.sent());
  }

  /** Column to value; null where it is not the key of a row of the step. */
  private static Map<String, String> given(Step.Rows step, List<String> key) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String each : key) {
      int equals = each.indexOf('=');
      String column = equals < 0 ? "" : each.substring(0, equals);
      if (step.key().contains(column)) {
        given.put(column, each.substring(equals + 1));
      } else if (step.key().size() == 1) {
        given.put(step.key().get(0), each);
      } else {
        return null;
      }
    }
    return given.size() == key.size() && given.keySet().containsAll(step.key()) ? given : null;
  }

  private Optional<Subject> subject(
      Step.Rows step, Map<String, String> given, String now, List<String> unfit)
      throws SQLException {
    TargetLookup lookup = new TargetLookup(plan, look, now, findings);
    Optional<Table> found = lookup.find(step);
    if (found.isEmpty() || !found.get().columnNames().containsAll(step.key())) {
      return Optional.empty();
    }
    Table table = found.get();
    Map<Column, String> values = new LinkedHashMap<>();
    for (String name : step.key()) {
      Column column = table.column(name).orElseThrow();
      KeyValue value =
          KeyValue.of(look.writing(), "--key", given.get(name), table.name().toString(), column);
      if (value.reason() != null) {
        unfit.add(value.reason());
        return Optional.empty();
      }
      values.put(column, value.text());
    }
    Relation target =
        new Relation(null, null, table, lookup.owns(step, table), Optional.empty(), List.of());
    return Optional.of(new Subject(step, target, values));
  }

  private StepExplanation explained(Subject subject, RowHistory history) throws SQLException {
    StepExplanation.Found rows =
        new RowLook(look, 1).found(subject.target(), subject.step().key(), subject::matched);
    // As it is stored, where it is: equal values may be written differently.
    Map<String, String> key = rows.keys().isEmpty() ? subject.key() : rows.keys().get(0);
    return new StepExplanation(
        new StepExplanation.Subject(
            subject.step().name(),
            subject.target().table().name().toString(),
            null,
            null,
            key,
            null,
            null),
        null,
        new StepExplanation.Held(rows, null),
        history.of(look, subject.step().name(), subject.target().table().name(), key));
  }
}
