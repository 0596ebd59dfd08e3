package backfill.postgres.change;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import backfill.postgres.write.CascadeCount;
import backfill.postgres.write.Target;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the last run that carried a step to its end left behind, as the ledger has it; and what
 * became of it since, as the tables show. Where there is no ledger, or we may not read it, nothing
 * is known.
 */
public final class LastRuns {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** No ledger, no table of it, no right to it, or a table's own right that xmin needs. */
  private static final Set<SqlState> NOT_TO_BE_HAD =
      EnumSet.of(
          SqlState.UNDEFINED_TABLE, SqlState.INVALID_SCHEMA_NAME, SqlState.INSUFFICIENT_PRIVILEGE);

  /** The newest of a plan's runs are enough: each carries most steps to their end. */
  private static final String REPORTS =
      """
      SELECT run_id::pg_catalog.text AS run_id, plan_hash, report::pg_catalog.text AS report,
             coalesce(ended_at, started_at)::pg_catalog.timestamptz(0)::pg_catalog.text AS ended
      FROM %s.run WHERE plan = ? AND report ->> 'command' = 'run' ORDER BY started_at DESC LIMIT 20""";

  private final Database database;
  private final String applicationName;
  private final Plan plan;
  private final Map<String, Left> byStep;

  private LastRuns(Database database, String applicationName, Plan plan, Map<String, Left> byStep) {
    this.database = database;
    this.applicationName = applicationName;
    this.plan = plan;
    this.byStep = byStep;
  }

  /**
   * What one run left of a step.
   *
   * @param samePlan whether it was carried out by the plan as it is now
   * @param step what its report says of the step
   * @param oldest what its first snapshot saw the end of every transaction before; null where its
   *     report does not say
   */
  public record Left(String runId, String ended, boolean samePlan, JsonNode step, String oldest) {
    /** How many rows of the step's its table had; empty where that is not known. */
    public OptionalLong rows() {
      return step.path("targetRows").isNumber()
          ? OptionalLong.of(
              number("targetRows") + number("inserted") + number("conflicts") - number("deleted"))
          : OptionalLong.empty();
    }

    /** How many planned rows may not have been there at its end. */
    public long absent() {
      return number("rejected") + number("missing") + number("addedMeanwhile") + number("foreign");
    }

    /** Whether its end was looked at. */
    public boolean verified() {
      return step.path("missing").isNumber();
    }

    /** How many rows it read of a source; empty where it did not read it. */
    public OptionalLong read(String source) {
      JsonNode rows = step.path("read").path(source);
      return rows.isNumber() ? OptionalLong.of(rows.longValue()) : OptionalLong.empty();
    }

    private long number(String key) {
      return step.path(key).asLong(0);
    }

    /** The run, for people. */
    @Override
    public String toString() {
      return "run " + runId.substring(0, 8) + " of " + ended;
    }
  }

  /** Reads the ledger, once. */
  public static LastRuns of(Database database, String applicationName, Plan plan)
      throws SQLException {
    Map<String, Left> byStep = new HashMap<>();
    if (plan.settings().ledger().on()) {
      String sql = REPORTS.formatted(TableName.quote(plan.settings().ledger().schema()));
      try (Inquiry inquiry =
          new Inquiry(
              database.connect(applicationName),
              plan.settings().lockTimeout(),
              plan.settings().write().retryFor())) {
        inquiry
            .rows(sql, row -> left(row, plan.hash()), plan.name())
            .forEach(left -> left.forEach(byStep::putIfAbsent));
      } catch (SQLException e) {
        refuseUnless(e);
      }
    }
    return new LastRuns(database, applicationName, plan, byStep);
  }

  private static void refuseUnless(SQLException e) throws SQLException {
    if (SqlState.of(e).filter(NOT_TO_BE_HAD::contains).isEmpty()) {
      throw e;
    }
  }

  /** What one run left, by the names of its steps. */
  private static Map<String, Left> left(ResultSet row, String hash) throws SQLException {
    Map<String, Left> byStep = new HashMap<>();
    JsonNode report = json(row.getString("report"));
    JsonNode oldest = report.path("databases").path(Plan.MAIN).path("snapshots").path(0);
    for (JsonNode step : report.path("steps")) {
      if (step.path("status").asText().equals(StepStatus.DONE.toString())) {
        byStep.putIfAbsent(
            step.path("name").asText(),
            new Left(
                row.getString("run_id"),
                row.getString("ended"),
                row.getString("plan_hash").equals(hash),
                step,
                oldest.path("xmin").asText(null)));
      }
    }
    return byStep;
  }

  private static JsonNode json(String report) {
    try {
      return JSON.readTree(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("jsonb is JSON", e);
    }
  }

  /** What the last run left of this step; empty where it was another table, or other rows of it. */
  public Optional<Left> of(Step.Fill step, Target target) {
    return Optional.ofNullable(byStep.get(step.name()))
        .filter(
            left ->
                left.step().path("target").asText().equals(target.table().name().toString())
                    && Optional.ofNullable(target.where())
                        .equals(Optional.ofNullable(left.step().path("owns").textValue())));
  }

  /**
   * Whether every row of these tables of main was there, as it is now, when that run read them.
   * Empty where we may not look, where the run's report does not say, and where rows have other
   * transaction numbers than in its time.
   */
  public Optional<Boolean> allWereThere(Left left, List<Table> tables) throws SQLException {
    if (left.oldest() == null
        || tables.stream().anyMatch(table -> !table.ctidReadable())
        || !numbersLast(left)) {
      return Optional.empty();
    }
    for (Table table : tables) {
      String newer =
          "SELECT EXISTS (SELECT FROM %s AS t WHERE %s)"
              .formatted(table.name().quoted(), newerThan("?"));
      if (number(newer, left.oldest()).orElse(1) > 0) {
        return Optional.of(false);
      }
    }
    return Optional.of(true);
  }

  /**
   * How many rows of a table were written by others since that run ended; empty where we may not
   * look, and where the table was rewritten, so that every row of it looks new.
   *
   * @param keys of the rows: an array of texts for each column of the key
   */
  public OptionalLong writtenByOthers(Left left, Table table, List<String> key, List<String[]> keys)
      throws SQLException {
    String schema = TableName.quote(plan.settings().ledger().schema());
    String newer = newerThan("(SELECT r.xmin FROM " + schema + ".run r WHERE r.run_id = ?::uuid)");
    String ours =
        "EXISTS (SELECT FROM " + schema + ".batch b WHERE b.xid::pg_catalog.xid = t.xmin)";
    String kept =
        "SELECT EXISTS (SELECT FROM %s AS t WHERE NOT (%s) OR %s)"
            .formatted(table.name().quoted(), newer, ours);
    if (!numbersLast(left) || number(kept, left.runId()).orElse(0) == 0) {
      return OptionalLong.empty();
    }
    String sql =
        """
        SELECT count(*) FROM %s AS t WHERE %s AND %s AND NOT %s"""
            .formatted(table.name().quoted(), CascadeCount.among(table, key), newer, ours);
    return number(sql, Stream.concat(keys.stream(), Stream.of(left.runId())).toArray());
  }

  /**
   * Whether rows still have the transaction numbers that they were written with. Dump and restore,
   * a switch-over by logical replication and REPACK give them new ones, to the ledger's own rows as
   * well: there the number that was written down tells.
   */
  private boolean numbersLast(Left left) throws SQLException {
    String schema = TableName.quote(plan.settings().ledger().schema());
    return number(
                """
                SELECT EXISTS (
                  SELECT FROM %1$s.batch b JOIN %1$s.run r ON b.committed_at <= coalesce(r.ended_at, r.started_at)
                  WHERE r.run_id = ?::uuid AND b.xid::pg_catalog.xid = b.xmin)"""
                    .formatted(schema),
                left.runId())
            .orElse(0)
        > 0;
  }

  /** An xmin says so in half a number: the one that is less far from the present is newer. */
  private static String newerThan(String xid) {
    return "pg_catalog.age(t.xmin) <= pg_catalog.age("
        + xid.replaceFirst("^\\?$", "?::xid8::xid")
        + ")";
  }

  private OptionalLong number(String sql, Object... values) throws SQLException {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry =
            new Inquiry(
                connection, plan.settings().lockTimeout(), plan.settings().write().retryFor())) {
      return OptionalLong.of(
          inquiry.<Long>askWithoutHurry(
              asked ->
                  Inquiry.rows(
                          asked,
                          sql,
                          row ->
                              row.getObject(1) instanceof Boolean is
                                  ? Long.valueOf(is ? 1 : 0)
                                  : Long.valueOf(row.getLong(1)),
                          values)
                      .get(0)));
    } catch (SQLException e) {
      refuseUnless(e);
      return OptionalLong.empty();
    }
  }
}
