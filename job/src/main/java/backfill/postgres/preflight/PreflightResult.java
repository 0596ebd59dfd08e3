package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Server;
import backfill.postgres.server.ServerPair;
import backfill.postgres.write.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What preflight found: tables by schema and oid, resolved once, and looked at again right before a
 * step runs behind others.
 *
 * @param databases name to servers, of the databases that were asked; main comes first
 * @param sources name to table, of the sources that the steps read which will run; one that a step
 *     before them makes may be absent
 * @param targets step to target, of the steps that will run; the table of one that a step before it
 *     makes may be absent
 * @param omitted what will not run, or cannot be looked at yet
 * @param now the server's time at the start of the run, in UTC with microseconds
 */
public record PreflightResult(
    Map<String, ServerPair> databases,
    Map<String, Table> sources,
    Map<String, Target> targets,
    Shapes shapes,
    List<String> warnings,
    Omitted omitted,
    String now) {

  /**
   * What of a plan will not run, or cannot be looked at yet.
   *
   * @param skippedSteps those whose only-if is false; all of them where the plan's is
   * @param pending step to why it can't be looked at yet, of those that need what an earlier one
   *     makes
   * @param applies false where the plan's only-if is
   */
  record Omitted(Set<String> skippedSteps, Map<String, Pending> pending, boolean applies) {}

  /**
   * Why a step can only be looked at right before it runs: an earlier step makes what it needs.
   *
   * @param reason a sentence for people, which names that step
   * @param countable whether its rows can be counted before: all that it reads is there, and of its
   *     target what is not there counts as empty
   */
  public record Pending(String reason, boolean countable) {}

  public Set<String> skippedSteps() {
    return omitted.skippedSteps();
  }

  public Map<String, Pending> pending() {
    return omitted.pending();
  }

  public boolean applies() {
    return omitted.applies();
  }

  /** This with what some steps found later in its place. */
  public PreflightResult with(PreflightResult later, List<Step.Fill> steps) {
    Map<String, Table> bothSources = new LinkedHashMap<>(sources);
    later.sources.forEach(
        (name, table) -> bothSources.merge(name, table, (before, now) -> now.asNeededBy(before)));
    Map<String, Target> bothTargets = new LinkedHashMap<>(targets);
    bothTargets.putAll(later.targets);
    Map<String, Pending> stillPending = new LinkedHashMap<>(pending());
    steps.forEach(step -> stillPending.remove(step.name()));
    return new PreflightResult(
        databases,
        bothSources,
        bothTargets,
        shapes.with(later.shapes),
        warnings,
        new Omitted(skippedSteps(), stillPending, applies()),
        now);
  }

  /** This with all that preflight warns of. */
  PreflightResult warning(List<String> all) {
    return new PreflightResult(databases, sources, targets, shapes, all, omitted, now);
  }

  /** Where rows are written. */
  public Server server() {
    return databases.get(Plan.MAIN).named();
  }

  /** Whether a name of a database means the one that is written. */
  public boolean isMain(String database) {
    return databases.get(database).named().isDatabaseOf(server());
  }

  /** Where the rows of main are read; {@link #server} itself unless a replica is named. */
  public Server readFrom() {
    return databases.get(Plan.MAIN).read();
  }
}
