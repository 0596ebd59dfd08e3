package backfill.run;

import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.SequenceForward;
import backfill.postgres.write.TooManyRejectedException;
import backfill.postgres.write.WritePart;
import backfill.postgres.write.WriteProtocol;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.StepReportBuilder;
import backfill.spark.sink.Sink;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.SinkOfStep;
import backfill.spark.step.StepRun;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes one step, a part after the other, and reports what the ledger says of each. */
final class StepWrite {
  private final RunScope run;
  private final StepRun writing;
  private final DiffCounts planned;
  private final StepReportBuilder report;
  private StepCounts counts;
  private boolean sentAgain;

  StepWrite(RunScope run, StepRun writing, DiffCounts planned) {
    this.run = run;
    this.writing = writing;
    this.planned = planned;
    this.report = run.reportOf(writing.step());
  }

  /** The part whose new rows take a value of a sequence each. */
  static Optional<WritePart> numbering(StepRun step) {
    return step.parts().stream()
        .filter(part -> part.operation().event() == RowEvent.INSERT)
        .filter(
            part ->
                step.target().table().columns().stream()
                    .anyMatch(
                        column ->
                            column.sequence().isPresent()
                                && !part.columns().contains(column.name())
                                && !step.target().sets(column.name())))
        .findFirst();
  }

  /** Writes it all, or ends the run. */
  StepCounts run() {
    Step.Fill step = writing.step();
    report.timed(Stage.WRITE, this::write);
    StepReport written = report.now();
    run.progress.say("write " + step.name() + ": " + Sentences.written(written));
    if (!written.rejections().isEmpty()) {
      run.progress.warn("write " + step.name() + ": " + Sentences.rejected(written));
    }
    // Each writer stops by its own count; only here those of all writers are known.
    refuseTooManyRejected();
    return counts;
  }

  private void write() {
    Step.Fill step = writing.step();
    run.enter(Stage.WRITE, step, step.name(), report.now().toWrite());
    report.beginsToWrite(
        new StepReportBuilder.Sending(
            writing.target().protocol(Operation.INSERT_MISSING, step.write().protocol())
                == WriteProtocol.COPY,
            numbering(writing).isPresent()));
    refuseTooManyRejected();
    report.writing();
    run.throttle()
        .during(
            step,
            writing.target().table().name(),
            step.write(),
            report.now().toWrite(),
            () -> counts = partByPart());
    report.written(counts);
    report.changed(writing.columnsSet(counts));
    if (sentAgain || run.session.speculates()) {
      report.sentAgain();
    }
    if (!counts.total().exact()) {
      run.report.inexact();
    }
    kept(step);
    sequences();
    report.done();
  }

  /** What the ledger has of the rows by now. */
  private void kept(Step.Fill step) {
    run.ledger()
        .keptBytes(step.name())
        .ifPresent(
            kept -> {
              report.keptInLedger(kept.bytes());
              if (kept.without() > 0 && run.plan.settings().ledger().keys()) {
                run.warn(
                    "write %s: the ledger keeps nothing of %s, because all of them took more than ledger.keys-bytes; undo leaves these"
                        .formatted(step.name(), Sentences.rows(kept.without())));
              }
            });
  }

  /** Once all rows are in: the application's next number must be free. */
  private void sequences() {
    List<String> filled = filled(writing);
    if (filled.isEmpty() || planned.planned() == 0) {
      return;
    }
    try {
      Map<String, Long> set =
          SequenceForward.set(
              run.database,
              run.applicationName,
              run.plan.settings(),
              writing.target().table(),
              filled);
      report.sequencesSet(set);
      set.forEach(
          (sequence, value) ->
              run.progress.say(
                  "write %s: sequence %s set forward to %d, behind the rows that are there"
                      .formatted(writing.step().name(), sequence, value)));
    } catch (IllegalStateException e) {
      run.warn("write " + writing.step().name() + ": " + e.getMessage());
    }
  }

  /** Columns of new rows that the step fills, and that number themselves for everybody else. */
  static List<String> filled(StepRun step) {
    return step.parts().stream()
        .filter(part -> part.operation().event() == RowEvent.INSERT)
        .flatMap(part -> SequenceForward.filled(step.target().table(), part.columns()).stream())
        .map(Column::name)
        .toList();
  }

  private StepCounts partByPart() {
    Map<Operation, WriteCounts> done = new EnumMap<>(Operation.class);
    for (WritePart part : writing.parts()) {
      if (planned.toWrite(part.operation()) > 0) {
        long rejectedBefore =
            run.report.rejectedForTheData()
                + done.values().stream().mapToLong(WriteCounts::rejectedForTheData).sum();
        Sink sink =
            new SinkOfStep(run.plan, run.database, run.applicationName)
                .of(writing, part, run.ledger(), rejectedBefore);
        WriteCounts counts = writing.write(part, sink);
        sentAgain |= !counts.exact();
        // The next part's limit counts what this one's writers committed, all attempts of them.
        String entry = Operation.entry(writing.step(), part.operation());
        done.put(part.operation(), run.ledger().counts(entry).orElse(counts));
      }
    }
    return StepCounts.of(done);
  }

  private void refuseTooManyRejected() {
    TooManyRejectedException.check(
        run.report.rejectedForTheData(),
        run.plan.limits().rejectedRows(),
        report.now().rejections());
  }
}
