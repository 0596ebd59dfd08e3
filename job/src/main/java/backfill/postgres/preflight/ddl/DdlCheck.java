package backfill.postgres.preflight.ddl;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Owners;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.DdlShape;
import backfill.postgres.change.DdlText;
import backfill.postgres.change.PendingTable;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a change of the schema can be made when its turn comes, and is ours to make: owners make
 * it, and who may create makes what is new.
 */
public final class DdlCheck {
  private static final int LONGEST_LABEL = 63;

  private static final String SCHEMA =
      """
      SELECT n.nspname, current_user, pg_catalog.has_schema_privilege(n.oid, 'CREATE')
      FROM pg_catalog.pg_namespace n WHERE n.nspname = coalesce(?, pg_catalog.current_schema())""";

  private final Inquiry inquiry;
  private final String user;
  private final Findings findings;
  private final Map<String, Table> tables;
  private final Owners owners;

  /**
   * @param tables step to its table, of the steps whose table is there
   */
  public DdlCheck(Inquiry inquiry, String user, Map<String, Table> tables, Findings findings) {
    this.inquiry = inquiry;
    this.user = user;
    this.tables = tables;
    this.findings = findings;
    this.owners = new Owners(inquiry, user, findings);
  }

  /**
   * @param table the one that it changes, or null where there is none yet
   */
  public void check(Step.Ddl step, Table table, ChangeScope scope) throws SQLException {
    String place = Findings.place(step);
    if (step.definition() instanceof Definition.EnumValues values) {
      enumType(place, values);
      return;
    }
    if (step.definition() instanceof Definition.NotNull notNull) {
      new NotNullCheck(inquiry, owners, tables, findings)
          .check(step, notNull, scope, made(scope, step));
      return;
    }
    PendingTable pending =
        table == null ? null : PendingTable.of(inquiry, scope, tables, step, table);
    DdlText text = new DdlText(scope.inline(DdlLook.statement(step).orElseThrow()));
    if (table != null) {
      boolean whole = text.shape() instanceof DdlShape.AlterTable alter && !alter.only();
      owners.ofTable(place, table, whole);
    }
    if (!isReadable(place, text.sql())) {
      return;
    }
    if (text.concurrently() && text.several()) {
      findings.refuse(
          place,
          "its statement is several, and the server takes CONCURRENTLY only alone; make them a step each");
    }
    Optional<NamedObject> object =
        NamedObject.of(inquiry, place, step.target(), made(scope, step), new Findings());
    if (object.isEmpty()) {
      return;
    }
    DdlLook look =
        new DdlLook(step, scope, text, object.get(), object.get().state(inquiry), table, pending);
    if (step.definition() instanceof Definition.Creates) {
      if (object.get().column().isEmpty()) {
        schema(place, object.get(), table);
      }
      new CreatesCheck(inquiry, findings).check(look);
    } else {
      new DropsCheck(inquiry, findings).check(look);
    }
  }

  /**
   * Has the server's own parser read the statement: within a block that ends before it, so that it
   * is not carried out.
   */
  private boolean isReadable(String place, String sql) throws SQLException {
    try {
      inquiry.ask(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              statement.setEscapeProcessing(false);
              return statement.execute(
                  "DO LANGUAGE plpgsql $backfill_ddl$ BEGIN RETURN;\n"
                      + sql
                      + "\n; END $backfill_ddl$");
            }
          });
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      // Any other failure is one of the block, not of the statement.
      if (SqlState.SYNTAX_ERROR.is(e)) {
        findings.refuse(place, "its statement cannot be read: " + ConnectionFailure.oneLine(e));
        return false;
      }
    }
    return true;
  }

  /** The names of relations that earlier steps make. */
  private static Set<String> made(ChangeScope scope, Step step) {
    return scope.before(step).stream()
        .filter(Step.Ddl.class::isInstance)
        .map(each -> ((Step.Ddl) each).definition())
        .filter(Definition.Creates.class::isInstance)
        .map(Definition::target)
        .collect(Collectors.toSet());
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
        findings.lackToWrite(
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

  private void enumType(String place, Definition.EnumValues values) throws SQLException {
    owners.ofType(place, values.type());
    values.values().stream()
        .filter(value -> value.getBytes(StandardCharsets.UTF_8).length > LONGEST_LABEL)
        .forEach(
            value ->
                findings.refuse(
                    place,
                    "value %s is longer than %d bytes, the most that a value of an enum has"
                        .formatted(value, LONGEST_LABEL)));
  }
}
