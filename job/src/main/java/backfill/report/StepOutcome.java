package backfill.report;

import backfill.plan.Step;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.report.StepReport.Deletes;
import backfill.report.StepReport.Inserts;
import backfill.report.StepReport.Rejected;
import backfill.report.StepReport.Updates;
import backfill.report.StepReport.Upkeep;
import backfill.report.StepReport.Written;
import backfill.report.StepReportBuilder.Sending;
import backfill.spark.step.DiffCounts;
import java.util.Map;
import java.util.stream.Stream;

/** Takes down what became of the rows that one step had to write. */
final class StepOutcome {
  private Inserts inserts = new Inserts(null, null, null);
  private Map<String, Long> sequencesSet;
  private Updates updates = new Updates(null, null);
  private Map<String, Long> changes;
  private Deletes deletes = new Deletes(null, null, 0);
  private Map<String, Long> cascaded;
  private Rejected rejected = new Rejected(null, 0, null);
  private Upkeep upkeep = new Upkeep(null, null, null);
  private Sending sending = new Sending(false, true);

  Written now() {
    return new Written(
        inserts, sequencesSet, updates, changes, deletes, cascaded, rejected, upkeep);
  }

  /** Of these rows some no statement can write. */
  void planned(DiffCounts plan) {
    changed(plan.changes());
    if (plan.unfit() > 0) {
      rejected = new Rejected(plan.unfit(), rejected.forTheData(), plan.rejections());
    }
  }

  /** The rows that no statement can write count as rejected from here on. */
  void begin(DiffCounts plan, Sending how) {
    sending = how;
    rejected = new Rejected(rejected.rows(), plan.unfit(), plan.rejections());
  }

  /** What writers did of it. */
  void written(DiffCounts plan, StepCounts counts) {
    WriteCounts inserting = counts.inserts();
    WriteCounts setting = counts.updates();
    WriteCounts deleting = counts.deletes();
    WriteCounts total = counts.total();
    rejected =
        new Rejected(
            plan.unfit() + inserting.rejected() + setting.rejected(),
            plan.unfit() + total.rejectedForTheData(),
            Stream.concat(plan.rejections().stream(), total.rejections().stream())
                .limit(WriteCounts.REJECTIONS_KEPT)
                .toList());
    if (plan.toInsert() != null) {
      inserts = new Inserts(inserting.changed(), inserting.left(), sequenceValues(inserting));
    }
    if (plan.toUpdate() != null) {
      updates = new Updates(setting.changed(), setting.left() + inserting.left());
      // Which columns of the others were set is the step's to say.
      changes = setting.changed() == plan.toUpdate() ? plan.changes() : null;
    }
    if (plan.toDelete() != null) {
      deletes =
          new Deletes(
              deleting.changed(), deleting.left() + deleting.rejected(), deleting.rejected());
      cascaded = total.cascaded();
    }
  }

  /** Each row that is sent takes a value; a row that was sent twice took two. */
  private Long sequenceValues(WriteCounts inserting) {
    boolean once =
        inserting.retries() == 0
            && inserting.rejected() == 0
            && (inserting.left() == 0 || !sending.copies());
    return !sending.numbers() ? (Long) 0L : once ? (Long) inserting.rows() : null;
  }

  /** What the batches of a step did that sets or deletes rows where they are. */
  void written(Step step, WriteCounts counts) {
    rejected = new Rejected(counts.rejected(), counts.rejectedForTheData(), counts.rejections());
    if (step.deletes()) {
      deletes = new Deletes(counts.changed(), null, 0);
    } else {
      updates = new Updates(counts.changed(), counts.left());
    }
  }

  /** How many values of a sequence were taken is not known any more. */
  void sentAgain() {
    inserts = new Inserts(inserts.inserted(), inserts.conflicts(), null);
  }

  void sequencesSet(Map<String, Long> values) {
    sequencesSet = values;
  }

  void changed(Map<String, Long> set) {
    changes = set == null || set.isEmpty() ? null : set;
  }

  void cascaded(Map<String, Long> rows) {
    cascaded = rows;
  }

  void upkeep(Upkeep found) {
    upkeep = found;
  }
}
