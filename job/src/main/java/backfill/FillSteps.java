package backfill;

import backfill.plan.Step;
import backfill.postgres.OpenTransactions;
import backfill.postgres.Ready;
import backfill.postgres.Table;
import backfill.spark.Overlay;
import backfill.spark.Reading;
import java.util.ArrayList;
import java.util.List;

/**
 * Steps that fill tables, one behind the other, in as few snapshots as their order allows. What was
 * written is verified together, in one more snapshot, before a step writes a table that an earlier
 * one has read or written.
 */
final class FillSteps {
  private final RunScope run;
  private final Ready ready;
  private final Command command;
  private final List<StepGroup> written = new ArrayList<>();

  FillSteps(RunScope run, Ready ready, Command command) {
    this.run = run;
    this.ready = ready;
    this.command = command;
  }

  /** Takes these steps as far as the command says. */
  void run(List<Step.Fill> steps) throws Exception {
    List<List<Step.Fill>> groups = SnapshotGroups.of(run.plan, ready, steps);
    if (command != Command.RUN) {
      count(groups).forEach(refusal -> run.warn("a run would be refused: " + refusal.sentence()));
      return;
    }
    if (run.guards.any() && groups.size() > 1) {
      run.progress.say("limits: all steps are counted before one writes");
      run.refuse(count(groups));
    }
    StepGroup counting = null;
    try {
      for (List<Step.Fill> together : groups) {
        if (changesWhatWasVerified(together)) {
          verify();
        }
        counting = new StepGroup(run, together, ready, command, new Overlay());
        List<Guards.Refusal> refusals = counting.count();
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

  /**
   * As a dry run does: a step sees the tables as the steps before it would leave them. The command
   * verify looks at the present state alone.
   */
  private List<Guards.Refusal> count(List<List<Step.Fill>> groups) throws Exception {
    List<Guards.Refusal> refusals = new ArrayList<>();
    List<StepGroup> counted = new ArrayList<>();
    Overlay overlay = new Overlay();
    try {
      for (List<Step.Fill> together : groups) {
        StepGroup group = new StepGroup(run, together, ready, command, overlay);
        counted.add(group);
        refusals.addAll(group.count());
        if (command != Command.VERIFY) {
          group.layOver(overlay);
        }
      }
    } finally {
      close(counted);
    }
    return refusals;
  }

  private boolean changesWhatWasVerified(List<Step.Fill> next) {
    List<Step.Fill> steps = steps();
    List<Long> seen = Reading.tables(run.plan, ready, steps).stream().map(Table::oid).toList();
    return next.stream()
        .anyMatch(step -> seen.contains(ready.targets().get(step.name()).table().oid()));
  }

  private List<Step.Fill> steps() {
    return written.stream().flatMap(group -> group.steps().stream()).toList();
  }

  private void verify() throws Exception {
    if (written.isEmpty()) {
      return;
    }
    run.enter(Stage.VERIFY, steps().get(0), "transactions open at our last commit", 0);
    boolean ended =
        OpenTransactions.now(run.database, run.applicationName)
            .endWithin(run.plan.settings().verify().waitFor());
    run.stopping.check();
    if (!ended) {
      run.warn(
          "verify: transactions that were open at our last commit are still open after "
              + run.plan.settings().verify().waitFor().toSeconds()
              + " s (verify.wait-for); what they change is not seen");
    }
    try (Reading reading = run.reading(ready, steps(), new Overlay())) {
      for (StepGroup group : written) {
        group.verify(reading);
      }
      reading.release();
      run.report.databases.get("main").snapshots().add(DatabaseReports.of(reading));
    }
    close(written);
  }

  private static void close(List<StepGroup> groups) {
    groups.forEach(StepGroup::close);
    groups.clear();
  }
}
