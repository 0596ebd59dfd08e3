package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.TableName;
import backfill.report.Refusal;
import backfill.spark.read.Reading;
import backfill.spark.step.Overlay;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A walk that writes nothing: a run counts all steps so before it writes one. Each sees the tables
 * as the steps before it would leave them.
 */
class CountingWalk implements Walk {
  final RunScope run;
  final Schedule schedule;
  private final Consumer<Refusal> refused;
  private final NeverChecks never;
  private final Overlay overlay = new Overlay();
  private final List<Turn> turns = new ArrayList<>();

  /** Targets that steps in a row fill: of one that is to be made, who fills it first. */
  private final Set<TableName> filled = new HashSet<>();

  /**
   * @param refused is told what the guards would refuse
   */
  CountingWalk(RunScope run, Schedule schedule, Consumer<Refusal> refused) {
    this.run = run;
    this.schedule = schedule;
    this.refused = refused;
    this.never = new NeverChecks(run, schedule.scope().steps());
  }

  @Override
  public Iterator<Turn> iterator() {
    return schedule.turns().stream().map(this::turn).iterator();
  }

  private Turn turn(List<Step> steps) {
    Turn turn;
    if (steps.get(0) instanceof Step.Fill) {
      List<Step.Fill> countable = countable(Step.fills(steps));
      turn = countable.isEmpty() ? new Turn() {} : new FillTurn(run, this, countable);
    } else {
      filled.clear();
      turn =
          steps.get(0) instanceof Step.Ddl ddl
              ? turn(ddl)
              : new ForetoldTurn(run, this, schedule, (Step.InPlace) steps.get(0));
    }
    turns.add(turn);
    return turn;
  }

  /** A run asks the catalog before each statement, and nothing before that. */
  Turn turn(Step.Ddl step) {
    return new Turn() {};
  }

  /** Those of the steps whose rows can be counted before any of them runs; says which cannot. */
  private List<Step.Fill> countable(List<Step.Fill> steps) {
    List<Step.Fill> countable = new ArrayList<>();
    for (Step.Fill step : steps) {
      PreflightResult.Pending pending = schedule.ready().pending().get(step.name());
      // Of a table that is not there, what the second step to fill it would see is not known.
      boolean first = filled.add(schedule.ready().targets().get(step.name()).table().name());
      if (pending == null || pending.countable() && first) {
        countable.add(step);
      } else {
        never.isUnknown(step);
        run.warn(
            "step "
                + step.name()
                + ": its rows can only be counted once it runs: "
                + pending.reason());
      }
    }
    return countable;
  }

  @Override
  public NeverChecks never() {
    return never;
  }

  @Override
  public PreflightResult look(List<Step.Fill> together) {
    return schedule.ready();
  }

  /** A run that counts all steps first tells of each when it comes to it. */
  @Override
  public boolean tells() {
    return false;
  }

  @Override
  public Reading begin(PreflightResult found, List<Step.Fill> together) throws Exception {
    return run.reading(found, together, overlay);
  }

  @Override
  public void counted(Turn turn, Step first) throws Exception {
    turn.refusals().forEach(refused);
    turn.layOver(overlay);
  }

  @Override
  public void write(Turn turn) {
    // Counts are all that is wanted.
  }

  @Override
  public void verify(Turn turn) throws Exception {
    turn.verify();
  }

  @Override
  public void close() {
    for (Turn turn : turns) {
      turn.close();
    }
  }
}
