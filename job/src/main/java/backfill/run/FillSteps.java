package backfill.run;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.Changes;
import backfill.postgres.preflight.Ready;
import backfill.postgres.server.NotReady;
import backfill.postgres.server.OpenTransactions;
import backfill.postgres.server.TableName;
import backfill.report.Command;
import backfill.report.Refusal;
import backfill.report.Stage;
import backfill.spark.read.Reading;
import backfill.spark.read.TablesToRead;
import backfill.spark.step.Overlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Steps that fill tables, one behind the other, in as few snapshots as their order allows. What was
 * written is verified together, in one more snapshot, before a step writes a table that an earlier
 * one has read or written.
 */
final class FillSteps implements AutoCloseable {
  private final RunScope run;
  private final Command command;
  private final Recheck recheck;
  private final List<StepGroup> written = new ArrayList<>();
  private final List<StepGroup> counted = new ArrayList<>();
  private final Overlay overlay = new Overlay();
  private Ready ready;

  FillSteps(RunScope run, Ready ready, Command command, Recheck recheck) {
    this.run = run;
    this.ready = ready;
    this.command = command;
    this.recheck = recheck;
  }

  /** Takes these steps as far as the command says. */
  void run(List<Step.Fill> steps) throws Exception {
    if (command != Command.RUN) {
      count(steps).forEach(run::wouldRefuse);
      return;
    }
    List<List<Step.Fill>> groups = SnapshotGroups.of(run.plan, ready, steps);
    StepGroup counting = null;
    try {
      for (List<Step.Fill> together : groups) {
        if (changesWhatWasVerified(together)) {
          verify();
        }
        ready = lookedAtAgain(together);
        counting = new StepGroup(run, together, ready, command, new Overlay());
        List<Refusal> refusals = counting.count();
        if (!refusals.isEmpty()) {
          verify();
          run.enter(Stage.DIFF, together.get(0), "limits", 0);
          run.refuse(refusals);
        }
        written.add(counting);
        counting.write();
      }
      verify();
    } finally {
      if (counting != null) {
        counting.close();
      }
      close(written);
    }
  }

  /** Where these steps cannot run, what earlier ones wrote is verified all the same. */
  private Ready lookedAtAgain(List<Step.Fill> together) throws Exception {
    try {
      return recheck.before(together, ready);
    } catch (NotReady e) {
      verify();
      run.enter(Stage.PREFLIGHT, together.get(0), together.get(0).name() + ", again", 0);
      throw e;
    }
  }

  /**
   * As a dry run does: a step sees the tables as the steps before it would leave them. The command
   * verify looks at the present state alone.
   */
  List<Refusal> count(List<Step.Fill> steps) throws Exception {
    List<Refusal> refusals = new ArrayList<>();
    for (List<Step.Fill> together :
        SnapshotGroups.of(run.plan, ready, recheck.countable(steps, ready))) {
      StepGroup group = new StepGroup(run, together, ready, command, overlay);
      counted.add(group);
      refusals.addAll(group.count());
      if (command != Command.VERIFY) {
        group.layOver(overlay);
      }
    }
    return refusals;
  }

  /** A change came before the steps that follow: what it would do to its rows is not known. */
  void behind(Step.Change change, Changes changes) {
    if (command != Command.VERIFY
        && change instanceof Step.Batches
        && changes.tables().containsKey(change.name())) {
      overlay.addUnknown(change.name(), changes.tables().get(change.name()));
    }
  }

  private boolean changesWhatWasVerified(List<Step.Fill> next) {
    List<TableName> seen =
        TablesToRead.all(run.plan, ready, steps()).entrySet().stream()
            .filter(tables -> ready.isMain(tables.getKey()))
            .flatMap(tables -> tables.getValue().stream())
            .map(Table::name)
            .toList();
    return next.stream()
        .anyMatch(step -> seen.contains(ready.targets().get(step.name()).table().name()));
  }

  private List<Step.Fill> steps() {
    return written.stream().flatMap(group -> group.steps().stream()).toList();
  }

  private void verify() throws Exception {
    if (written.isEmpty()) {
      return;
    }
    run.enter(Stage.VERIFY, steps().get(0), "transactions open at our last commit", 0);
    Optional<String> open =
        OpenTransactions.now(run.databases, run.applicationName)
            .endWithin(run.plan.settings().verify().waitFor(), run::waitsFor);
    run.stopping.check();
    open.ifPresent(still -> run.warn("verify: " + still + "; what is changed there is not seen"));
    run.enter(Stage.VERIFY, steps().get(0), "snapshot", 0);
    try (Reading reading = run.verifying(ready, steps())) {
      for (StepGroup group : written) {
        group.verify(reading);
      }
      run.release(reading);
    }
    close(written);
  }

  @Override
  public void close() {
    close(counted);
    close(written);
  }

  private static void close(List<StepGroup> groups) {
    groups.forEach(StepGroup::close);
    groups.clear();
  }
}
