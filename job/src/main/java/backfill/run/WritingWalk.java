package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.preflight.QueryShapes;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.OpenTransactions;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.spark.diff.DiffFile;
import backfill.spark.read.Reading;
import backfill.spark.step.Overlay;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The walk of a run. What was written is verified together, in one more snapshot, when the schedule
 * says so, and before the run ends because a later step is refused or cannot run.
 */
final class WritingWalk implements Walk {
  private final RunScope run;
  private final Schedule schedule;
  private final QueryShapes shapes;
  private final NeverChecks never;
  private final List<Turn> turns = new ArrayList<>();
  private final List<FillTurn> written = new ArrayList<>();
  private PreflightResult ready;

  WritingWalk(RunScope run, Schedule schedule, QueryShapes shapes) {
    this.run = run;
    this.schedule = schedule;
    this.shapes = shapes;
    this.never = new NeverChecks(run, schedule.scope().steps());
    this.ready = schedule.ready();
  }

  @Override
  public Iterator<Turn> iterator() {
    return schedule.turns().stream().map(this::turn).iterator();
  }

  private Turn turn(List<Step> steps) {
    Turn turn =
        steps.get(0) instanceof Step.Fill
            ? new FillTurn(run, this, Step.fills(steps))
            : steps.get(0) instanceof Step.Ddl ddl
                ? new DdlTurn(run, schedule, ddl)
                : new ChangeTurn(run, this, schedule, (Step.InPlace) steps.get(0));
    turns.add(turn);
    return turn;
  }

  @Override
  public NeverChecks never() {
    return never;
  }

  /**
   * Looks at the tables of some steps once more: what an earlier step was to make is there by then,
   * or they cannot run. The first of a run find what preflight just did.
   */
  @Override
  public PreflightResult look(List<Step.Fill> together) throws Exception {
    if (turns.size() == 1
        && together.stream().noneMatch(step -> ready.pending().containsKey(step.name()))) {
      return ready;
    }
    recheck(
        together.get(0),
        () -> {
          PreflightResult now =
              Preflight.recheck(
                  run.plan, together, run.databases, run.applicationName, shapes, ready);
          now.warnings().forEach(run::warnOnce);
          together.forEach(
              step ->
                  run.reportOf(step)
                      .found(now.targets().get(step.name()).table().name().toString()));
          ready = ready.with(now, together);
        });
    return ready;
  }

  /**
   * Looks at what a step needs, right before it runs. Where it cannot run, what earlier ones wrote
   * is verified all the same.
   *
   * @throws NotReadyException naming what is wrong, and the steps that are done
   */
  void recheck(Step first, StepReportBuilder.Work<Exception> look) throws Exception {
    run.enter(Stage.PREFLIGHT, first, first.name() + ", again", 0);
    try {
      look.run();
    } catch (NotReadyException e) {
      List<String> reasons = new ArrayList<>(e.reasons());
      List<String> done = Sentences.doneSteps(run.report.now());
      if (!done.isEmpty()) {
        reasons.add("done before it, whole: " + String.join(", ", done));
      }
      verifyWritten();
      run.enter(Stage.PREFLIGHT, first, first.name() + ", again", 0);
      throw new NotReadyException(reasons, e.retryable(), e);
    }
  }

  @Override
  public boolean tells() {
    return run.diff().isPresent();
  }

  /** What is about to be written is told before. */
  @Override
  public void told(Step first) {
    run.enter(Stage.DIFF, first, "--diff", 0);
    run.diff().ifPresent(DiffFile::putInPlace);
  }

  @Override
  public Reading begin(PreflightResult found, List<Step.Fill> together) throws Exception {
    return run.reading(found, together, new Overlay());
  }

  /** What verify finds as it was read, it reads no second time. */
  @Override
  public void read(Reading reading, List<Step.Fill> steps) {
    reading.note(steps);
  }

  @Override
  public void counted(Turn turn, Step first) throws Exception {
    List<Refusal> refusals = turn.refusals();
    if (!refusals.isEmpty()) {
      verifyWritten();
      run.enter(Stage.DIFF, first, "limits", 0);
      run.refuse(refusals);
    }
  }

  @Override
  public void write(Turn turn) throws Exception {
    if (turns.size() == 1) {
      run.enter(Stage.DIFF, null, "hook before-write", 0);
      Optional<String> refused = run.hooks.beforeWrite();
      // It may have been ended for that.
      run.stopping.check();
      refused.ifPresent(why -> run.refuse(List.of(Refusal.withoutCure(null, why))));
    }
    turn.write();
    schedule.writtenLast(turns.size() - 1).forEach(written -> new Afterwards(run, written).see());
  }

  @Override
  public void verify(Turn turn) throws Exception {
    turn.verify();
    if (turn instanceof FillTurn fills) {
      written.add(fills);
    } else {
      turn.close();
    }
    if (schedule.verifiesBefore(turns.size(), writtenSteps(), ready)) {
      verifyWritten();
    }
  }

  private void verifyWritten() throws Exception {
    if (written.isEmpty()) {
      return;
    }
    Step first = writtenSteps().get(0);
    run.enter(Stage.VERIFY, first, "transactions open at our last commit", 0);
    Optional<String> open =
        OpenTransactions.now(run.databases, run.applicationName)
            .endWithin(run.plan.settings().verify().waitFor(), run::waitsFor);
    run.stopping.check();
    open.ifPresent(still -> run.warn("verify: " + still + "; what is changed there is not seen"));
    run.enter(Stage.VERIFY, first, "snapshot", 0);
    try (Reading reading = run.verifying(ready, writtenSteps())) {
      try {
        for (FillTurn turn : written) {
          turn.verify(reading);
        }
      } finally {
        run.release(reading);
      }
    }
    for (int i = written.size() - 1; i >= 0; i--) {
      written.get(i).removeRevoked();
    }
    // What a later check is about, too, stays until it is asked; at the latest until the end.
    written.stream()
        .filter(turn -> turn.steps().stream().noneMatch(never::waitsFor))
        .forEach(FillTurn::close);
    written.clear();
  }

  private List<Step.Fill> writtenSteps() {
    return written.stream().flatMap(turn -> turn.steps().stream()).toList();
  }

  @Override
  public void close() {
    for (Turn turn : turns) {
      turn.close();
    }
  }
}
