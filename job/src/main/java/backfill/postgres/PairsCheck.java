package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether a {@code pairs} step's target takes its two columns and needs no third one. */
final class PairsCheck {
  /** Narrow to wide: each fits into those behind it. */
  private static final List<String> KEYS = List.of("smallint", "integer", "bigint");

  private final Rights rights;
  private final Findings findings;

  PairsCheck(Rights rights, Findings findings) {
    this.rights = rights;
    this.findings = findings;
  }

  void check(Step.Pairs step, Table table, Map<String, Table> sources) throws SQLException {
    String place = TargetCheck.place(step);
    types(step, table, sources);
    for (Column column : table.columns()) {
      if (step.key().contains(column.name())) {
        column
            .unwritable()
            .ifPresent(
                why ->
                    findings.refuse(
                        place,
                        table.name() + "." + column.name() + " " + why + " and cannot be written"));
      }
    }
    RowsCheck.unfilled(place, table, step.key(), findings);
    rights(step, table);
  }

  private void rights(Step.Pairs step, Table table) throws SQLException {
    String place = TargetCheck.place(step);
    List<String> key = new ArrayList<>(step.key());
    key.retainAll(table.columnNames());
    rights.need(place, "SELECT", table, key, findings);
    rights.need(place, "INSERT", table, key, findings);
    rights.needSequences(place, table, key, findings);
  }

  private void types(Step.Pairs step, Table table, Map<String, Table> sources) {
    String place = TargetCheck.place(step);
    Optional<Column> object = table.column(step.into().object());
    Optional<Column> user = table.column(step.into().user());
    object.ifPresent(column -> isKey(place, table, column));
    user.ifPresent(column -> isKey(place, table, column));
    for (Step.Grant grant : step.direct()) {
      fits(place, sources, grant.from(), grant.object(), table, object);
      fits(place, sources, grant.from(), grant.grantee(), table, user);
    }
    for (Step.Grant grant : step.through()) {
      fits(place, sources, grant.from(), grant.object(), table, object);
      fits(place, sources, grant.from(), grant.grantee(), table, Optional.empty());
    }
    for (Step.Membership member : step.members()) {
      fits(place, sources, member.from(), member.group(), table, Optional.empty());
      fits(place, sources, member.from(), member.user(), table, user);
    }
  }

  /** A group is compared with groups alone, and two integers compare whatever their width. */
  private void fits(
      String place,
      Map<String, Table> sources,
      String from,
      String name,
      Table target,
      Optional<Column> into) {
    if (!SourceCheck.has(place, sources, from, name, findings)) {
      return;
    }
    Table table = sources.get(from);
    Column column = table.column(name).orElseThrow();
    if (isKey(place, table, column)
        && into.isPresent()
        && KEYS.contains(into.get().type())
        && KEYS.indexOf(column.type()) > KEYS.indexOf(into.get().type())) {
      findings.refuse(
          place,
          "%s.%s goes into %s.%s, and %s does not fit %s; ALTER TABLE %s ALTER COLUMN %s TYPE %s"
              .formatted(
                  table.name(),
                  name,
                  target.name(),
                  into.get().name(),
                  column.type(),
                  into.get().type(),
                  target.name().quoted(),
                  TableName.quote(into.get().name()),
                  column.type()));
    }
  }

  private boolean isKey(String place, Table table, Column column) {
    if (KEYS.contains(column.type())) {
      return true;
    }
    findings.refuse(
        place,
        table.name()
            + "."
            + column.name()
            + " is "
            + column.type()
            + ", and pairs are of smallint, integer or bigint; name a column of such a type");
    return false;
  }
}
