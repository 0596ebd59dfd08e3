package backfill.run;

import backfill.plan.Definition;
import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.ledger.Operation;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.TableName;
import backfill.spark.read.TablesToRead;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The order of a run, made once from what preflight found: the run walks it, the count before
 * writing walks it, and {@code check --sql} prints it. A turn is one change, or the steps that
 * share their snapshots: as many as follow each other without one reading a table that an earlier
 * one of them writes, or from which rows go along with those that it deletes. Tables are told apart
 * by name, because one may still have to be made. Every step writes to main, so that a table of
 * another database is no step's target, unless the plan has two names for one database.
 *
 * @param scope its steps are those that run, without the skipped ones
 * @param changes what preflight found of the changes among them
 * @param turns each either one change, or fills that share their snapshots
 */
record Schedule(
    Plan plan,
    PreflightResult ready,
    ChangeScope scope,
    FoundChangeTargets changes,
    List<List<Step>> turns) {

  static Schedule of(
      Plan plan, PreflightResult ready, ChangeScope scope, FoundChangeTargets changes) {
    List<List<Step>> turns = new ArrayList<>();
    Set<TableName> written = new HashSet<>();
    Set<Long> losing = new HashSet<>();
    Step before = null;
    for (Step step : scope.steps()) {
      boolean together =
          step instanceof Step.Fill fill
              && before instanceof Step.Fill
              && read(plan, ready, fill).stream()
                  .noneMatch(read -> written.contains(read.name()) || losing.contains(read.oid()));
      if (!together) {
        turns.add(new ArrayList<>());
        written.clear();
        losing.clear();
      }
      turns.get(turns.size() - 1).add(step);
      if (step instanceof Step.Fill) {
        written.add(ready.targets().get(step.name()).table().name());
        ready.targets().get(step.name()).cascades().forEach(lost -> losing.addAll(lost.oids()));
      }
      before = step;
    }
    return new Schedule(plan, ready, scope, changes, turns);
  }

  private static List<Table> read(Plan plan, PreflightResult ready, Step.Fill step) {
    List<Table> read = new ArrayList<>();
    read.add(ready.targets().get(step.name()).table());
    plan.sourcesOf(step).stream()
        .filter(source -> ready.isMain(plan.sources().get(source).database()))
        .forEach(source -> read.add(ready.sources().get(source)));
    return read;
  }

  /** Whether no step runs. */
  boolean isEmpty() {
    return turns.isEmpty();
  }

  /** Whether every step is counted before one writes, because they all are one turn. */
  boolean countsBeforeItWrites() {
    return turns.size() <= 1;
  }

  /**
   * The last turn in which something is asked that must never happen; before the first one writes,
   * all up to it are counted. Negative where nothing is asked, or where nothing is written before.
   */
  int countedForChecks() {
    int last = -1;
    for (Never check : plan.never()) {
      for (Step step : NeverChecks.stepsOf(check, scope.steps())) {
        last = Math.max(last, turnOf(step));
      }
    }
    return turns.stream().limit(Math.max(0, last)).allMatch(this::isDone) ? -1 : last;
  }

  private int turnOf(Step step) {
    return IntStream.range(0, turns.size())
        .filter(turn -> turns.get(turn).contains(step))
        .findFirst()
        .orElseThrow();
  }

  /** Whether a turn makes a table that was there already when preflight looked. */
  private boolean isDone(List<Step> turn) {
    return turn.get(0) instanceof Step.Ddl ddl
        && ddl.definition() instanceof Definition.Creates creates
        && Optional.ofNullable(changes.tables().get(ddl.name()))
            .filter(
                table ->
                    List.of(table.name().name(), table.name().toString())
                        .contains(creates.object()))
            .isPresent();
  }

  /**
   * A table that no step writes any more.
   *
   * @param steps those that wrote it, in their order
   */
  record Written(TableName table, List<Step> steps) {
    Step last() {
      return steps.get(steps.size() - 1);
    }

    /** Whether rows were added, so that it may have grown. */
    boolean grows() {
      return steps.stream()
          .anyMatch(step -> step instanceof Step.Fill fill && Operation.inserts(fill));
    }

    /** What the last step that adds rows says of its statistics. */
    Settings.Analyze analyze() {
      return Step.fills(steps).stream()
          .filter(Operation::inserts)
          .reduce((first, second) -> second)
          .map(fill -> fill.write().analyze())
          .orElse(Settings.Analyze.OFF);
    }
  }

  /** The tables that this turn is the last one to write: then they are seen to. */
  List<Written> writtenLast(int turn) {
    Map<TableName, List<Step>> writing = new LinkedHashMap<>();
    for (List<Step> steps : turns) {
      for (Step step : steps) {
        target(step)
            .ifPresent(table -> writing.computeIfAbsent(table, any -> new ArrayList<>()).add(step));
      }
    }
    return writing.entrySet().stream()
        .map(each -> new Written(each.getKey(), each.getValue()))
        .filter(each -> turnOf(each.last()) == turn)
        .toList();
  }

  /** Whose rows a step writes, if that is known. */
  private Optional<TableName> target(Step step) {
    return Optional.ofNullable(
            step instanceof Step.Fill
                ? ready.targets().get(step.name()).table()
                : step instanceof Step.InPlace ? changes.tables().get(step.name()) : null)
        .map(Table::name);
  }

  /**
   * Whether what was written is verified before this turn: a change comes, or the end, or a step
   * that writes a table which a step to verify has read or written.
   *
   * @param turn from 0; the number of turns for the end
   * @param written steps that are written and not yet verified
   * @param now what is known of their tables by then
   */
  boolean verifiesBefore(int turn, List<Step.Fill> written, PreflightResult now) {
    if (written.isEmpty()) {
      return false;
    }
    if (turn == turns.size() || turns.get(turn).get(0) instanceof Step.Change) {
      return true;
    }
    List<TableName> seen =
        TablesToRead.all(plan.withoutNever(), now, written).entrySet().stream()
            .filter(tables -> now.isMain(tables.getKey()))
            .flatMap(tables -> tables.getValue().stream())
            .map(Table::name)
            .toList();
    return turns.get(turn).stream()
        .anyMatch(step -> seen.contains(now.targets().get(step.name()).table().name()));
  }
}
