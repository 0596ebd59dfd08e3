package backfill.postgres.change;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Retry;
import backfill.postgres.write.BatchStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the change steps of one run share: where they work, and what their parameters mean.
 *
 * @param now the run's {@code :now}
 * @param steps those of the plan that the run is about, and that are not skipped
 */
public record ChangeScope(
    Database database, String applicationName, Plan plan, String now, List<Step> steps) {
  public ChangeScope {
    steps = List.copyOf(steps);
  }

  /** What is asked over one connection. */
  @FunctionalInterface
  public interface Look<T> {
    T at(Inquiry inquiry) throws SQLException;
  }

  /** Asks over a connection of its own, and again after a failure that passes. */
  public <T> T ask(Look<T> look) throws SQLException {
    Retry retry = new Retry(retryFor());
    while (true) {
      try (Inquiry inquiry =
          new Inquiry(database.connect(applicationName + " look"), lockTimeout(), retryFor())) {
        return look.at(inquiry);
      } catch (SQLException e) {
        retry.pauseOrThrow(e);
      }
    }
  }

  /** The plan's SQL with its parameters in it. */
  public String inline(String sql) {
    return Parameters.inline(sql, plan.params(), now);
  }

  Duration lockTimeout() {
    return plan.settings().lockTimeout();
  }

  /** For a change of the schema, which has no write block of its own. */
  Duration retryFor() {
    return plan.settings().write().retryFor();
  }

  /** What the run does before this step. */
  public List<Step> before(Step step) {
    return steps.subList(0, steps.indexOf(step));
  }

  /** The scope of one step by itself, with none before it. */
  public ChangeScope only(Step.InPlace step) {
    return new ChangeScope(database, applicationName, plan, now, List.of(step));
  }

  /** How a transaction of ours begins; one that is frozen in the middle is ended by the server. */
  String begin(Duration statementTimeout, Optional<BatchLedger> ledger) {
    String sql = BatchStatement.begin(lockTimeout(), statementTimeout);
    return ledger.isEmpty()
        ? sql
        : sql + ledger.get().fence(plan.settings().write().statementTimeout());
  }
}
