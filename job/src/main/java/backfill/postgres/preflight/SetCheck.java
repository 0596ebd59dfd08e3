package backfill.postgres.preflight;

import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import backfill.postgres.write.SetColumn;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether what a step of pairs sets in new rows fits their columns, and what it is: what every row
 * gets alike is asked for once, so that rows can be copied, and what differs from row to row is
 * left to the statement that adds them.
 */
final class SetCheck {
  private final Inquiry inquiry;
  private final PendingObjects pending;
  private final Findings findings;

  SetCheck(Inquiry inquiry, PendingObjects pending, Findings findings) {
    this.inquiry = inquiry;
    this.pending = pending;
    this.findings = findings;
  }

  /**
   * The columns in the plan's order, without those for which a reason is among the findings.
   *
   * @param now for {@code :now}
   */
  List<SetColumn> check(Step.Pairs step, Table table, Plan plan, String now) throws SQLException {
    String place = Findings.place(step);
    List<SetColumn> set = new ArrayList<>();
    for (Map.Entry<String, String> each : step.into().set().entrySet()) {
      Optional<Column> column = table.column(each.getKey());
      Optional<String> why = column.flatMap(Column::unwritable);
      if (column.isEmpty()) {
        findings.refuse(
            place,
            "into.set names %s, and %s has no such column%s"
                .formatted(
                    TableName.quote(each.getKey()),
                    table.name(),
                    Nearest.hint(each.getKey(), table.columnNames())));
      } else if (why.isPresent()) {
        findings.refuse(
            place, table.name() + "." + each.getKey() + " " + why.get() + " and cannot be set");
      } else {
        String expression = "(" + Parameters.inline(each.getValue(), plan.params(), now) + "\n)";
        value(step, table, column.get(), expression).ifPresent(set::add);
      }
    }
    return set;
  }

  private Optional<SetColumn> value(Step.Pairs step, Table table, Column column, String expression)
      throws SQLException {
    String place = Findings.place(step);
    String type = column.castType();
    try {
      askWhetherItFits(table, column, expression);
      if (differs(expression)) {
        return Optional.of(new SetColumn(column.name(), type, null, expression));
      }
      String text =
          inquiry.one(
              "SELECT " + expression + "::" + type + "::pg_catalog.text", row -> row.getString(1));
      if (text == null && column.notNull()) {
        findings.refuse(
            place,
            "into.set gives NULL for %s, and %s.%s is NOT NULL; give it a value"
                .formatted(TableName.quote(column.name()), table.name(), column.name()));
        return Optional.empty();
      }
      return Optional.of(new SetColumn(column.name(), type, text, null));
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      Optional<String> appended = appended(step, column, expression, e);
      if (appended.isPresent()) {
        return Optional.of(new SetColumn(column.name(), type, appended.get(), null));
      }
      findings.refuse(
          place,
          "into.set.%s cannot be asked: %s".formatted(column.name(), ConnectionFailure.oneLine(e)));
      return Optional.empty();
    }
  }

  /** The label that an earlier step appends, if it is one; right before this step it is asked. */
  private Optional<String> appended(
      Step.Pairs step, Column column, String expression, SQLException refused) throws SQLException {
    if (ValueGroup.of(column) != ValueGroup.ENUM
        || !SqlState.INVALID_TEXT_REPRESENTATION.is(refused)) {
      return Optional.empty();
    }
    List<String> labels = pending.labels(step, column);
    if (labels.isEmpty()) {
      return Optional.empty();
    }
    try {
      return inquiry
          .rows(
              // A literal that says its type is refused as before.
              "SELECT %s::pg_catalog.text".formatted(expression), row -> row.getString(1))
          .stream()
          .filter(labels::contains)
          .findFirst();
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /**
   * Has the server judge it as it would judge a new row's value; nothing runs. Two rows, because
   * only then is a function refused that gives more than one. A right that lacks has a reason of
   * its own.
   */
  private void askWhetherItFits(Table table, Column column, String expression) throws SQLException {
    try {
      explain(
          "INSERT INTO %s (%s) VALUES (%s), (NULL)"
              .formatted(table.name().quoted(), TableName.quote(column.name()), expression));
    } catch (SQLException e) {
      if (!SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
        throw e;
      }
    }
  }

  /**
   * Whether it may give another value whenever it is asked: the planner asks a volatile expression
   * once for each row, where the row is made, and never moves it into a condition.
   */
  private boolean differs(String expression) throws SQLException {
    return explain(
            "SELECT s.v FROM (SELECT %s AS v FROM pg_catalog.generate_series(1, 2)) AS s WHERE s.v IS NOT NULL"
                .formatted(expression))
        .stream()
        .anyMatch(line -> line.matches("\\s*(->\\s+)?Subquery Scan on s .*"));
  }

  private List<String> explain(String statement) throws SQLException {
    return inquiry.rows("EXPLAIN " + statement, row -> row.getString(1));
  }
}
