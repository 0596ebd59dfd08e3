package backfill.postgres.ledger;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * The last run of a plan, where it did not come to its end: the next one takes over its {@code
 * :now}, so that both mean the same rows.
 *
 * @param now as the run that is to go on has it
 */
public record UnfinishedRun(String runId, String now) {

  /** Empty where there is none, or where no step goes by it. */
  public static Optional<UnfinishedRun> of(Inquiry inquiry, Plan plan, List<Step> steps)
      throws SQLException {
    boolean goesOn = steps.stream().anyMatch(Step.InPlace.class::isInstance);
    if (!goesOn || !plan.settings().ledger().on()) {
      return Optional.empty();
    }
    String table = TableName.quote(plan.settings().ledger().schema()) + ".run";
    boolean readable =
        inquiry.one(
            """
            SELECT coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
              AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), false)
            FROM (SELECT ?::pg_catalog.text AS name) s
            LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
            LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname = 'run'""",
            row -> row.getBoolean(1),
            plan.settings().ledger().schema());
    if (!readable) {
      return Optional.empty();
    }
    return inquiry
        .rows(
            """
            SELECT run_id, pg_catalog.to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS now
            FROM (SELECT * FROM %s WHERE plan = ? ORDER BY started_at DESC LIMIT 1) AS last
            WHERE plan_hash = ? AND status IN ('running', 'failed', 'stopped')
              AND started_at > pg_catalog.clock_timestamp() - ? * interval '1 ms'"""
                .formatted(table),
            row -> new UnfinishedRun(row.getString("run_id"), row.getString("now")),
            plan.name(),
            plan.hash(),
            plan.settings().ledger().resumeWithin().toMillis())
        .stream()
        .findFirst();
  }
}
