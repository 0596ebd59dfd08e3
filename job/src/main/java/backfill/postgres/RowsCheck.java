package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * Whether the columns of a {@code rows} step's query are those of its target, and can be written.
 */
final class RowsCheck {
  private final Rights rights;
  private final Findings findings;

  RowsCheck(Rights rights, Findings findings) {
    this.rights = rights;
    this.findings = findings;
  }

  /**
   * @param output the columns of the step's query; empty where the engine could not say
   */
  void check(Step.Rows step, Table table, Optional<List<String>> output) throws SQLException {
    String place = TargetCheck.place(step);
    List<String> read = new ArrayList<>(step.key());
    List<String> values = new ArrayList<>();
    if (output.isPresent()) {
      key(step, output.get());
      twice(place, output.get());
      values.addAll(output.get());
      values.removeAll(step.key());
      values(place, table, values);
    }
    values.retainAll(table.columnNames());
    read.retainAll(table.columnNames());
    read.addAll(values);
    rights.need(place, "SELECT", table, read, findings);
    rights.need(place, "UPDATE", table, values, findings);
  }

  private void key(Step.Rows step, List<String> output) {
    for (String column : step.key()) {
      if (!output.contains(column)) {
        findings.refuse(
            TargetCheck.place(step),
            "the query does not give key column "
                + TableName.quote(column)
                + "; it gives "
                + String.join(", ", output));
      }
    }
  }

  private void twice(String place, List<String> output) {
    for (String column : new LinkedHashSet<>(output)) {
      if (Collections.frequency(output, column) > 1) {
        findings.refuse(
            place,
            "the query gives column "
                + TableName.quote(column)
                + " more than once; give each column of the target one value");
      }
    }
  }

  private void values(String place, Table table, List<String> values) {
    if (values.isEmpty()) {
      findings.refuse(
          place, "the query gives no column besides the key, so there is nothing to update");
    }
    for (String name : values) {
      Optional<Column> column = table.column(name);
      if (column.isEmpty()) {
        findings.refuse(place, SourceCheck.noColumn(table, name) + ", which the query gives");
      } else {
        column
            .get()
            .unwritable()
            .ifPresent(
                why ->
                    findings.refuse(
                        place, table.name() + "." + name + " " + why + " and cannot be written"));
      }
    }
  }
}
