package backfill.postgres.preflight;

import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.TableName;
import backfill.postgres.write.WritePart;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
   * @param shapes what the engine says of the step's query, where it could say anything
   */
  void check(Step.Rows step, Table table, Shapes shapes) throws SQLException {
    Optional<List<String>> output = Optional.ofNullable(shapes.outputs().get(step.name()));
    String place = Findings.place(step);
    output.ifPresent(
        given -> {
          key(step, given);
          twice(place, given);
          named(place, "insert-only", step.insertOnly(), given);
          named(place, "touch", step.touch(), given);
          step.into().object().ifPresent(of -> named(place, "into.object", Set.of(of), given));
          step.into().user().ifPresent(of -> named(place, "into.user", Set.of(of), given));
          values(step, table, given);
        });
    List<String> given = new ArrayList<>(output.orElse(step.key()));
    given.retainAll(table.columnNames());
    List<String> read = new ArrayList<>(WritePart.read(step, given));
    read.retainAll(table.columnNames());
    types(step, table, given, shapes);
    rights.need(place, Privilege.SELECT, table, read, findings);
    for (WritePart part : WritePart.of(step, given)) {
      List<String> written = new ArrayList<>(part.columns());
      written.retainAll(table.columnNames());
      switch (part.operation()) {
        case COMPARE_AND_SET -> {
          written.removeAll(step.key());
          rights.need(place, Privilege.UPDATE, table, written, findings);
        }
        case INSERT_AND_NAME, INSERT_MISSING -> {
          rights.need(place, Privilege.INSERT, table, written, findings);
          rights.needSequences(place, table, written, findings);
          if (output.isPresent()) {
            unfilled(place, table, written, findings);
          }
        }
        case COMPARE_AND_DELETE -> {}
      }
    }
  }

  /** A column of a new row that no one fills. */
  static void unfilled(String place, Table table, List<String> written, Findings findings) {
    for (Column column : table.columns()) {
      if (!written.contains(column.name()) && !column.fillsItself()) {
        findings.refuse(
            place,
            table.name()
                + "."
                + column.name()
                + " is NOT NULL without a default, and the step does not fill it; ALTER TABLE "
                + table.name().quoted()
                + " ALTER COLUMN "
                + TableName.quote(column.name())
                + " SET DEFAULT a value");
      }
    }
  }

  private void types(Step.Rows step, Table table, List<String> given, Shapes shapes) {
    String place = Findings.place(step);
    List<String> compared = WritePart.compared(step, given);
    for (String name : new LinkedHashSet<>(given)) {
      Column column = table.column(name).orElseThrow();
      Optional<String> refusal = ValueGroup.refusal(table, column);
      if (refusal.isEmpty() && compared.contains(name)) {
        refusal = ValueGroup.incomparable(table, column);
      }
      if (refusal.isEmpty() && step.key().contains(name)) {
        refusal = ValueGroup.unmatchable(table, column);
      }
      if (refusal.isEmpty()) {
        refusal =
            shapes.given(step.name(), name).flatMap(type -> GivenFit.refusal(type, table, column));
      }
      refusal.ifPresent(reason -> findings.refuse(place, reason));
    }
  }

  private void named(String place, String list, Set<String> columns, List<String> output) {
    for (String column : columns) {
      if (!output.contains(column)) {
        findings.refuse(
            place,
            list
                + " names "
                + TableName.quote(column)
                + ", which the query does not give; it gives "
                + String.join(", ", output));
      }
    }
  }

  private void key(Step.Rows step, List<String> output) {
    for (String column : step.key()) {
      if (!output.contains(column)) {
        findings.refuse(
            Findings.place(step),
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
      output.stream()
          .filter(other -> other.equalsIgnoreCase(column) && other.compareTo(column) > 0)
          .findFirst()
          .ifPresent(
              other ->
                  findings.refuse(
                      place,
                      "the query gives the columns %s and %s, which differ in case only and which Spark cannot tell apart; fill one of them in a step of its own"
                          .formatted(TableName.quote(column), TableName.quote(other))));
    }
  }

  private void values(Step.Rows step, Table table, List<String> output) {
    String place = Findings.place(step);
    if (step.mode() != Step.Mode.INSERT_MISSING && WritePart.compared(step, output).isEmpty()) {
      findings.refuse(
          place,
          step.mode() == Step.Mode.UPDATE
              ? "the query gives no column besides the key, so there is nothing to update"
              : "the query gives no column that is compared, so no row would ever be set; use mode = insert-missing");
    }
    boolean adds = step.mode() != Step.Mode.UPDATE;
    for (String name : output) {
      Optional<Column> column = table.column(name);
      boolean key = step.key().contains(name);
      if (column.isEmpty()) {
        if (!key) {
          findings.refuse(place, SourceCheck.noColumn(table, name, ", which the query gives"));
        }
      } else if (!key || adds) {
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
