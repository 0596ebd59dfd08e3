package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether a change of the schema is ours to make: owners make it, and who may create makes what is
 * new.
 */
final class DdlCheck {
  private static final String SCHEMA =
      """
      SELECT n.nspname, current_user, pg_catalog.has_schema_privilege(n.oid, 'CREATE')
      FROM pg_catalog.pg_namespace n WHERE n.nspname = coalesce(?, pg_catalog.current_schema())""";

  private final Inquiry inquiry;
  private final String user;
  private final Findings findings;

  DdlCheck(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.user = user;
    this.findings = findings;
  }

  /**
   * @param table the one that it changes, or null where there is none yet
   */
  void check(Step.Ddl step, Table table, ChangeScope scope) throws SQLException {
    String place = TargetCheck.place(step);
    if (step.definition() instanceof Step.EnumValues values) {
      enumType(place, values);
      return;
    }
    if (table != null) {
      owned(
          place,
          "table " + table.name(),
          "SELECT pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.pg_has_role(c.relowner, 'USAGE')"
              + " FROM pg_catalog.pg_class c WHERE c.oid = ?::pg_catalog.oid",
          table.oid());
    }
    if (step.definition() instanceof Step.NotNull notNull) {
      notNull(place, step, notNull, table, scope);
    } else if (step.definition() instanceof Step.Creates creates) {
      NamedObject object =
          NamedObject.of(inquiry, place, creates.object(), made(scope, step), new Findings())
              .orElse(null);
      if (object != null && object.column().isEmpty()) {
        schema(place, object, table);
      }
    }
  }

  /** The names of relations that earlier steps make. */
  private static Set<String> made(ChangeScope scope, Step step) {
    return scope.before(step).stream()
        .filter(Step.Ddl.class::isInstance)
        .map(each -> ((Step.Ddl) each).definition())
        .filter(Step.Creates.class::isInstance)
        .map(Step.Definition::target)
        .collect(java.util.stream.Collectors.toSet());
  }

  private void notNull(
      String place, Step.Ddl step, Step.NotNull notNull, Table table, ChangeScope scope)
      throws SQLException {
    Set<String> made = made(scope, step);
    for (String written : notNull.columns()) {
      NamedObject column =
          NamedObject.of(inquiry, place, written, made, new Findings()).orElse(null);
      if (table != null
          && column != null
          && column.state(inquiry) == NamedObject.State.ABSENT
          && !made.contains(written)) {
        findings.refuse(
            place,
            "there is no column "
                + written
                + ", and no step before this one makes it"
                + column.column().map(c -> CloseNames.hint(c, table.columnNames())).orElse(""));
      }
    }
  }

  private void schema(String place, NamedObject object, Table table) throws SQLException {
    String schema =
        object.relation().size() == 2
            ? object.relation().get(0)
            : table == null ? null : table.name().schema();
    for (List<Object> answer :
        inquiry.rows(
            SCHEMA,
            row -> List.<Object>of(row.getString(1), row.getString(2), row.getBoolean(3)),
            schema)) {
      String grant = "GRANT CREATE ON SCHEMA " + TableName.quote(answer.get(0).toString());
      findings.leastRole().right(grant);
      if (!(Boolean) answer.get(2)) {
        findings.lack(
            place,
            "no right to create "
                + object
                + " in schema "
                + answer.get(0)
                + "; "
                + grant
                + " TO "
                + TableName.quote(user));
      }
    }
  }

  private void enumType(String place, Step.EnumValues values) throws SQLException {
    owned(
        place,
        "type " + values.type(),
        "SELECT pg_catalog.pg_get_userbyid(t.typowner), pg_catalog.pg_has_role(t.typowner, 'USAGE')"
            + " FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype(?)",
        values.type());
  }

  /** Only an owner, or a member of it, may change a definition; no role is a member of itself. */
  private void owned(String place, String what, String ask, Object value) throws SQLException {
    for (Map.Entry<String, Boolean> owner :
        inquiry.rows(ask, row -> Map.entry(row.getString(1), row.getBoolean(2)), value)) {
      if (owner.getKey().equals(user)) {
        findings
            .leastRole()
            .note(what + " is " + user + "'s own, as whoever runs the plan must be");
        continue;
      }
      String grant = "GRANT " + TableName.quote(owner.getKey());
      findings.leastRole().right(grant);
      if (!owner.getValue()) {
        findings.lack(
            place,
            "%s belongs to %s, and only its owner may change it; %s TO %s"
                .formatted(what, owner.getKey(), grant, TableName.quote(user)));
      }
    }
  }
}
