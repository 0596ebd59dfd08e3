package backfill.run;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.TableName;
import backfill.postgres.undo.RevokedRows;
import backfill.postgres.undo.UndoCounts;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.spark.step.Verified;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;

/**
 * What becomes of the rows that a step added and its sources revoked before they were verified: a
 * warning, or they are taken back, as the plan says.
 */
final class RevokedMeanwhile {
  private final RunScope run;
  private final Step.Fill step;
  private final TableName target;
  private final StepReportBuilder report;
  private Verified found;

  RevokedMeanwhile(RunScope run, Step.Fill step, TableName target) {
    this.run = run;
    this.step = step;
    this.target = target;
    this.report = run.reportOf(step);
  }

  /** Verify found these. */
  void found(Verified verified) {
    found = verified;
    if (verified.revokedMeanwhile() > 0 && !removes()) {
      run.warn("verify " + step.name() + ": " + Sentences.revoked(verified));
    }
  }

  private boolean removes() {
    return run.plan.settings().onRevoked() == Settings.OnRevoked.REMOVE;
  }

  /** Takes them back, if the plan says so. */
  void remove() throws Exception {
    if (!removes() || found == null || !Operation.inserts(step)) {
      return;
    }
    report.timed(
        Stage.VERIFY,
        () -> {
          UndoCounts counts =
              found.revokedKeys().isEmpty() ? UndoCounts.NONE : removed(found.revokedKeys());
          report.takenBack(counts);
          if (found.revokedMeanwhile() > 0) {
            run.warn("verify " + step.name() + ": " + Sentences.takenBack(found, counts));
          }
        });
  }

  private UndoCounts removed(List<List<String>> keys) throws Exception {
    run.enter(Stage.VERIFY, step, step.name() + ", revoked meanwhile", keys.size());
    return new RevokedRows(run.database, run.applicationName, run.plan.settings())
        .remove(
            UUID.fromString(run.report.runId()),
            Operation.insertEntry(step),
            target,
            new HashSet<>(keys),
            run.ledger().slot(step.name() + " revoked").orElseThrow(),
            run.stopping::check);
  }
}
