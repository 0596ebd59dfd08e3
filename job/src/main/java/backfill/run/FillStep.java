package backfill.run;

import backfill.plan.Step;
import backfill.postgres.change.LastRuns;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.CascadeCount;
import backfill.postgres.write.KeepingRule;
import backfill.postgres.write.SequenceRoom;
import backfill.postgres.write.WritePart;
import backfill.report.NestingReport;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.ShapeText;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.spark.diff.DiffSum;
import backfill.spark.read.Reading;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.GrantShape;
import backfill.spark.step.Nesting;
import backfill.spark.step.Overlay;
import backfill.spark.step.PlannedKeys;
import backfill.spark.step.StepRun;
import backfill.spark.step.ToldDiff;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One step of a turn: its executor, what that found, and what is said and reported of it. */
final class FillStep {
  private final RunScope run;
  private final PreflightResult ready;
  private final Walk walk;
  private final Step.Fill step;
  private final StepRun work;
  private final StepReportBuilder report;
  private final RevokedMeanwhile revoked;
  private DiffCounts planned;
  private StepCounts written;
  private Optional<LastRuns.Left> last;
  private DiffSum told;

  FillStep(RunScope run, PreflightResult ready, Walk walk, Step.Fill step) {
    this.run = run;
    this.ready = ready;
    this.walk = walk;
    this.step = step;
    this.work =
        StepRunOfKind.of(
            step, ready.targets().get(step.name()), run.plan, ready.shapes(), varying());
    this.report = run.reportOf(step);
    this.revoked = new RevokedMeanwhile(run, step, work.target().table().name());
  }

  /** Reads what the target has; the sources are read already. */
  void readTarget(Reading reading) {
    run.enter(Stage.READ, step, report.now().target(), 0);
    reading.target(work::read, what -> run.enter(Stage.READ, step, what, 0));
    run.varies(work.target().table().name(), work.varying());
  }

  /**
   * Of the step's sources those columns that an earlier step of the run fills otherwise each time.
   */
  private Map<String, Set<String>> varying() {
    Map<String, Set<String>> columns = new HashMap<>();
    for (String source : run.plan.sourcesOf(step)) {
      if (ready.isMain(run.plan.sources().get(source).database())) {
        columns.put(source, run.varying(ready.sources().get(source).name()));
      }
    }
    return columns;
  }

  Step.Fill step() {
    return step;
  }

  void flatten() {
    report.timed(
        Stage.FLATTEN,
        () -> {
          run.enter(Stage.FLATTEN, step, step.name(), 0);
          work.flatten();
          tellNesting();
        });
  }

  private void tellNesting() {
    Nesting.OfStep nesting = work.nesting();
    NestingReport groups = NestingReport.of(nesting.groups());
    NestingReport objects = NestingReport.of(nesting.objects());
    report.nested(groups, objects);
    List<String> lines = new ArrayList<>();
    if (groups != null) {
      lines.addAll(groups.sentences("group", "users"));
    }
    if (objects != null) {
      lines.addAll(objects.sentences("object", "grants"));
    }
    lines.forEach(line -> run.progress.say("flatten " + step.name() + ": " + line));
  }

  void diff() {
    report.timed(Stage.DIFF, this::count);
    walk.diffed(report);
  }

  private void count() {
    run.enter(Stage.DIFF, step, step.name(), 0);
    planned = work.diff();
    report.planned(planned, work.target().where());
    run.progress.say("diff " + step.name() + ": " + Sentences.planned(planned));
    Optional.ofNullable(planned.crossing())
        .flatMap(DiffCounts.Crossing::sentence)
        .ifPresent(sentence -> run.warnOnce("step " + step.name() + ": " + sentence));
    if (walk.isJudged() || run.guards.any() || run.approval.given()) {
      report.cascaded(cascaded());
    }
    if (walk.leadsToWriting()) {
      tellBytes();
    }
    if (walk.isJudged()) {
      foretell();
    }
    sinceLastRun();
  }

  /** Tells every row that it would write, where someone asked, and in any case their checksum. */
  void tell() {
    report.timed(
        Stage.DIFF,
        () -> {
          run.enter(Stage.DIFF, step, step.name() + ", row by row", planned.toWrite());
          ToldDiff diff = work.told();
          told = run.diff().map(file -> file.write(diff.rows())).orElseGet(diff::checksum);
          report.told(told);
        });
  }

  /** What the ledger will keep of the rows, and whether that is more than it may. */
  private void tellBytes() {
    long bytes = 0;
    for (WritePart part : work.parts()) {
      bytes +=
          KeepingRule.bytes(
              run.plan.settings(),
              part,
              step.key(),
              work.target(),
              planned.toWrite(part.operation()));
    }
    report.keptInLedger(bytes);
    long allowed = run.plan.settings().ledger().keysBytes();
    if (bytes > allowed) {
      run.warnOnce(
          "diff %s: the ledger would keep about %d MiB of the rows, and ledger.keys-bytes allows %d MiB: undo will leave the rows beyond it; allow more, or set ledger.keys = off"
              .formatted(step.name(), bytes >> 20, allowed >> 20));
    }
  }

  /** What a dry run says beyond the counts. */
  private void foretell() {
    ToldDiff told = work.told();
    GrantShape shape = told.shape();
    report.foretold(told.gains(), told.losses(), told.toSet(), shape);
    if (shape != null) {
      ShapeText.lines(shape).forEach(line -> run.progress.say("diff " + step.name() + ": " + line));
    }
    List<String> filled = StepWrite.filled(work);
    if (planned.planned() > 0 && !filled.isEmpty()) {
      run.progress.say(
          "diff %s: the step fills %s by itself; a run sets the sequence behind it forward, where it is behind the rows"
              .formatted(step.name(), String.join(", ", filled)));
    }
  }

  /** What the last run left of the step, and what is said of that before anything is written. */
  private void sinceLastRun() {
    try {
      last = run.lastRuns().of(step, work.target());
      if (walk.leadsToWriting()) {
        new GivenBack(run, ready, run.lastRuns()).warn(work, planned, last);
      }
      if (planned.toDelete() == null || planned.toDelete() == 0) {
        EmptiedSources.warn(run, step, last);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(
          "cannot ask what became of the last run's rows: " + SqlFailure.message(e), e);
    }
  }

  /** What foreign keys would take along with the rows that are to go; null if not known. */
  private Map<String, Long> cascaded() {
    if (planned.toDelete() == null) {
      return null;
    }
    if (planned.toDelete() == 0) {
      return Map.of();
    }
    Optional<List<String[]>> keys = PlannedKeys.toDelete(work);
    if (keys.isEmpty()) {
      return CascadeCount.isNone(
              run.database, run.applicationName, run.plan.settings(), work.target())
          ? Map.of()
          : null;
    }
    return CascadeCount.of(
            run.database,
            run.applicationName,
            run.plan.settings(),
            work.target(),
            step.key(),
            keys.get())
        .orElse(null);
  }

  /** What the guards refuse of it. */
  List<Refusal> refusals() {
    List<Refusal> refusals = new ArrayList<>();
    report.timed(
        Stage.DIFF,
        () -> {
          run.enter(Stage.DIFF, step, step.name() + ", limits", 0);
          if (run.guards.any()) {
            refusals.addAll(run.guards.refusals(work, planned, report.now().cascaded()));
          }
          refusals.addAll(run.approval.refusals(report.now()));
          if (run.approval.exact()) {
            ToldDiff diff = work.told();
            DiffSum sum = told == null ? diff.checksum() : told;
            run.approval.differing(step, sum, diff::rows).ifPresent(refusals::add);
          }
          refusals.addAll(run.guards.surplus(step, planned, EmptiedSources.of(report.now(), last)));
          refusals.addAll(sequences());
        });
    return refusals;
  }

  /** A sequence that is at its end would refuse the rows one by one. */
  private List<Refusal> sequences() {
    Long rows = planned.toInsert();
    Optional<WritePart> adding = StepWrite.numbering(work);
    if (rows == null || rows == 0 || adding.isEmpty()) {
      return List.of();
    }
    return SequenceRoom.lacking(
            run.database,
            run.applicationName,
            run.plan.settings(),
            work.target().table(),
            adding.get().columns(),
            rows)
        .stream()
        .map(what -> Refusal.withoutCure(step, "step " + step.name() + " " + what))
        .toList();
  }

  void write() {
    written = new StepWrite(run, work, planned).run();
  }

  /**
   * Compares what was planned and written with what another snapshot shows.
   *
   * @param earlier what was planned by
   */
  void verify(Reading fresh, Reading earlier) {
    report.timed(
        Stage.VERIFY,
        () -> {
          run.enter(Stage.VERIFY, step, step.name(), 0);
          long before = fresh.statements();
          Verified verified = verified(fresh, earlier);
          report.verified(verified);
          report.sent(fresh.statements() - before);
          run.progress.say("verify " + step.name() + ": " + Sentences.verified(verified));
          revoked.found(verified);
        });
  }

  /** What has not changed since it was read is not read again. */
  private Verified verified(Reading fresh, Reading earlier) {
    if (!fresh.showsSourcesLike(earlier, step)) {
      fresh.sources(step, name -> {}, (name, rows) -> {});
      return fresh.verify((targets, sources) -> work.verify(targets, sources, written));
    }
    boolean nothingToDo = planned.toWrite() == 0;
    if (nothingToDo && fresh.showsTargetLike(earlier, step, planned.targetRows())) {
      run.progress.say("verify " + step.name() + ": sources and target are as they were read");
      return Verified.NO_DIFFERENCE;
    }
    run.progress.say("verify " + step.name() + ": the sources are as they were read");
    return fresh.verify((targets, sources) -> work.verifyTarget(targets, written));
  }

  void isCounted(NeverChecks never) {
    never.isCounted(work);
  }

  /** Takes back what the run added and its sources revoked meanwhile, if the plan says so. */
  void removeRevoked() throws Exception {
    revoked.remove();
  }

  void layOver(Overlay overlay) {
    overlay.add(work);
  }

  void close() {
    work.close();
  }
}
