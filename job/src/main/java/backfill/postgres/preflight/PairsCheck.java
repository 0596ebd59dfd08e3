package backfill.postgres.preflight;

import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Privilege;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether a {@code pairs} step's target takes what it is given, and needs no more. */
final class PairsCheck {
  private final Inquiry inquiry;
  private final Rights rights;
  private final PendingObjects pending;
  private final Findings findings;

  PairsCheck(Inquiry inquiry, Rights rights, PendingObjects pending, Findings findings) {
    this.inquiry = inquiry;
    this.rights = rights;
    this.pending = pending;
    this.findings = findings;
  }

  void check(Step.Pairs step, Table table, Map<String, Table> sources, Shapes shapes)
      throws SQLException {
    String place = Findings.place(step);
    new PairTypes(place, sources, shapes, findings).check(step, table);
    for (Column column : table.columns()) {
      if (step.written().contains(column.name())) {
        column
            .unwritable()
            .ifPresent(
                why ->
                    findings.refuse(
                        place,
                        table.name() + "." + column.name() + " " + why + " and cannot be written"));
      }
    }
    RowsCheck.unfilled(place, table, step.written(), findings);
    if (step.into().level().isPresent()) {
      level(step, table, step.into().level().get());
    }
    rights(step, table);
  }

  private void level(Step.Pairs step, Table table, String name) throws SQLException {
    Optional<Column> into = table.column(name);
    if (into.isEmpty()) {
      findings.refuse(Findings.place(step), SourceCheck.noColumn(table, name));
    } else if (ValueGroup.of(into.get()) == ValueGroup.ENUM) {
      labels(step, table, into.get());
    }
  }

  /** A level that is not a label of the target's enum could never be written. */
  private void labels(Step.Pairs step, Table table, Column into) throws SQLException {
    List<String> lacking =
        inquiry.rows(
            """
            SELECT l.level FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS l(level, place)
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_enum e
                              WHERE e.enumtypid = pg_catalog.to_regtype(?) AND e.enumlabel = l.level)
            ORDER BY l.place
            """,
            row -> row.getString(1),
            step.grants().levels().ascending().toArray(String[]::new),
            into.castType());
    List<String> appended = pending.labels(step, into);
    for (String level : lacking) {
      if (!appended.contains(level)) {
        findings.refuse(
            Findings.place(step),
            "the level %s is not a label of %s.%s, which is %s; ALTER TYPE %s ADD VALUE %s, or leave it out of levels"
                .formatted(
                    level,
                    table.name(),
                    into.name(),
                    into.type(),
                    into.castType(),
                    Parameters.quote(level)));
      }
    }
  }

  private void rights(Step.Pairs step, Table table) throws SQLException {
    String place = Findings.place(step);
    List<String> read = new ArrayList<>(step.filled());
    read.retainAll(table.columnNames());
    rights.need(place, Privilege.SELECT, table, read, findings);
    List<String> written = new ArrayList<>(step.written());
    written.retainAll(table.columnNames());
    rights.need(place, Privilege.INSERT, table, written, findings);
    rights.needSequences(place, table, written, findings);
    List<String> level = new ArrayList<>(step.into().level().stream().toList());
    level.retainAll(table.columnNames());
    if (!level.isEmpty()) {
      rights.need(place, Privilege.UPDATE, table, level, findings);
    }
  }
}
