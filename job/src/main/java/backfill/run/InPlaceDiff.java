package backfill.run;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.change.InPlaceRows;
import backfill.postgres.server.RowEvent;
import backfill.report.Stage;
import backfill.spark.diff.DiffFile;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.RowChange;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tells the rows that a step of batches would set or delete, which come to the driver. */
record InPlaceDiff(RunScope run, Step.InPlace step, InPlaceRows rows) {

  static InPlaceDiff of(
      RunScope run, Schedule schedule, FoundChangeTargets changes, Step.InPlace step) {
    return new InPlaceDiff(run, step, InPlaceRows.of(schedule.scope(), changes, step));
  }

  /** Of the table as it is, right before it is written. */
  void now(DiffFile file) throws Exception {
    begin();
    run.reportOf(step).told(rows.now(into(file)));
    run.enter(Stage.DIFF, step, "--diff", 0);
    file.putInPlace();
  }

  /** Of the table as earlier steps would leave it, where that is known. */
  void foretold(DiffFile file, Map<String, Table> tables) throws Exception {
    begin();
    Optional<DiffSum> sum = rows.foretold(tables, into(file));
    sum.ifPresent(run.reportOf(step)::told);
  }

  private void begin() {
    run.enter(Stage.DIFF, step, step.name() + ", row by row", run.reportOf(step).now().toWrite());
  }

  /** Takes the rows in; again from the first one, where a server's failure passes. */
  private InPlaceRows.Reader<DiffSum> into(DiffFile file) {
    RowEvent event = step.deletes() ? RowEvent.DELETE : RowEvent.UPDATE;
    return found ->
        file.write(
            shape(),
            to -> {
              while (found.next()) {
                to.accept(
                    new RowChange(
                        event,
                        found.key(),
                        null,
                        step.deletes() ? null : found.before(),
                        step.deletes() ? null : found.after()));
              }
            });
  }

  private DiffShape shape() {
    return new DiffShape(
        step.name(),
        rows.target().table().name().toString(),
        rows.key(),
        rows.set(),
        List.of(),
        rows.set(),
        step.varying());
  }
}
