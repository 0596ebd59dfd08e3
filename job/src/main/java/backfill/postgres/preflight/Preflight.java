package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.GrantLines;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.change.OnlyIf;
import backfill.postgres.ledger.LedgerRights;
import backfill.postgres.ledger.UnfinishedRun;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.LaggingReplicaException;
import backfill.postgres.server.Lasting;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Server;
import backfill.postgres.server.ServerPair;
import backfill.postgres.server.TableName;
import backfill.postgres.throttle.SignalRights;
import backfill.postgres.write.Target;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks the servers whether a plan can run, before anything is touched, and lists every reason why
 * not at once. Targets first, then whether the plan applies, and only if it does its sources: a
 * database of something else lacks the targets, one where nothing is to be done may lack the
 * sources.
 */
public final class Preflight implements AutoCloseable {
  private final Database database;
  private final String applicationName;
  private final Plan plan;
  private final List<? extends Step> steps;
  private final List<Step.Fill> fills;
  private final PreflightConnections sessions;
  private final Map<String, Findings> findingsOf = new LinkedHashMap<>();
  private final Findings findings = new Findings();
  private FoundChangeTargets changes = FoundChangeTargets.NONE;
  private Optional<UnfinishedRun> unfinished = Optional.empty();
  private boolean looked;
  private boolean keepsLedger;
  private boolean lacksLedger;
  private Purpose purpose = Purpose.RUN;

  private Preflight(
      Plan plan,
      List<? extends Step> steps,
      PreflightConnections sessions,
      Database database,
      String applicationName) {
    this.database = database;
    this.applicationName = applicationName;
    this.plan = plan;
    this.steps = steps;
    this.fills = Step.fills(List.copyOf(steps));
    this.sessions = sessions;
    sessions
        .servers()
        .keySet()
        .forEach(
            name -> findingsOf.put(name, name.equals(Plan.MAIN) ? findings : findings.elsewhere()));
  }

  /**
   * Connects, and asks nothing yet. Of a table that is locked for longer than {@code lock-timeout}
   * it will not ask again: nothing has begun, and a person had rather know.
   *
   * @param steps those of the plan that this run is about
   * @param applicationName what the names of its sessions begin with
   * @throws NotReadyException naming each server that cannot be reached
   */
  public static Preflight open(
      Plan plan, List<? extends Step> steps, NamedDatabases databases, String applicationName) {
    return open(plan, steps, databases, applicationName, Duration.ZERO);
  }

  private static Preflight open(
      Plan plan,
      List<? extends Step> steps,
      NamedDatabases databases,
      String applicationName,
      Duration retryFor) {
    try {
      return new Preflight(
          plan,
          steps,
          PreflightConnections.open(plan, retryFor, databases, applicationName + " preflight"),
          databases.main(),
          applicationName);
    } catch (SQLException e) {
      throw brokenOff(databases.main().address(), List.of(), e);
    }
  }

  /**
   * Looks at what some steps need once more, right before they run: what an earlier step was to
   * make must be there now, and nothing may have gone meanwhile. Conditions are not asked again,
   * and {@code :now} stays. A lock is waited for as in the write, because the run has begun.
   *
   * @param before what was found when the run began
   * @throws NotReadyException with every reason
   */
  public static PreflightResult recheck(
      Plan plan,
      List<? extends Step> steps,
      NamedDatabases databases,
      String applicationName,
      QueryShapes shapes,
      PreflightResult before) {
    Duration retryFor = plan.settings().write().retryFor();
    try (Preflight preflight = open(plan, steps, databases, applicationName, retryFor)) {
      return preflight.asked(
          () ->
              preflight
                  .fillsCheck()
                  .check(
                      (asked, sources, known) -> shapes.of(asked, sources, known.over(before)),
                      Set.of(),
                      Map.of(),
                      before.now()));
    }
  }

  /**
   * What it is for, a run unless this is said: what only reads needs no right to write, and no
   * primary; what a run would need besides is among the warnings then.
   */
  public void isFor(Purpose what) {
    purpose = what;
    if (purpose != Purpose.RUN) {
      findingsOf.values().forEach(Findings::readOnly);
    }
  }

  /**
   * The run will keep a ledger, if the plan does not switch it off: its rights are asked about,
   * too.
   */
  public void askForLedger() {
    keepsLedger = plan.settings().ledger().on();
  }

  /**
   * Waits until every replica that rows are read from shows what its primary has now: what is asked
   * and read from here on is not of some time before.
   *
   * @param waiting is told, again and again, what is waited for
   * @throws LaggingReplicaException if one does not within {@code read.wait-for}
   */
  public void awaitReplicas(Consumer<String> waiting) {
    if (!fills.isEmpty()) {
      try {
        sessions.awaitReplicas(plan.settings().read().waitFor(), waiting);
      } catch (SQLException e) {
        throw brokenOff(readAddresses(), List.of(), e);
      }
    }
  }

  /** Warns of each replica that a run would have to wait for. */
  public void warnOfReplicas() {
    if (!fills.isEmpty()) {
      try {
        sessions.warnOfReplicas(plan.settings().read().waitFor(), findings);
      } catch (SQLException e) {
        throw brokenOff(readAddresses(), List.of(), e);
      }
    }
  }

  /** The servers of each database, main first. */
  public Map<String, ServerPair> servers() {
    return sessions.servers();
  }

  /**
   * Asks everything, once.
   *
   * @throws NotReadyException with every reason; nothing was written
   */
  public PreflightResult check(QueryShapes shapes) {
    return asked(() -> run(shapes));
  }

  /** What is asked of the servers. */
  @FunctionalInterface
  private interface Asked {
    PreflightResult ready() throws SQLException;
  }

  private PreflightResult asked(Asked asked) {
    try {
      PreflightResult ready = asked.ready();
      findings.throwIfRefused();
      return ready.warning(findings.warnings());
    } catch (SQLException e) {
      throw brokenOff(readAddresses(), findings.reasons(), e);
    }
  }

  private String readAddresses() {
    return servers().values().stream()
        .map(each -> each.read().address())
        .collect(Collectors.joining(" or "));
  }

  private static NotReadyException brokenOff(String address, List<String> reasons, SQLException e) {
    List<String> all = new ArrayList<>(reasons);
    boolean gone = Lasting.gone(e);
    all.add(
        address
            + ": preflight broke off: "
            + ConnectionFailure.oneLine(e)
            + (gone
                ? "; the schema was changed while it was looked at: run the command again"
                : ""));
    return new NotReadyException(all, gone || ConnectionFailure.passing(e.getSQLState()), e);
  }

  /**
   * The statements that give a role the rights which {@link #check} asked about, whether we have
   * them or not; comments begin with two hyphens. Empty where something besides rights is amiss, or
   * where nothing is to be done: what was not looked at may need rights of its own.
   *
   * @param role which gets them; empty for the one that we are
   */
  public List<String> leastRole(Optional<String> role) {
    if (!looked || !findings.onlyRightsLack()) {
      return List.of();
    }
    return GrantLines.of(findingsOf, servers(), role);
  }

  /** Whether the ledger cannot be kept for want of a right. */
  public boolean lacksLedger() {
    return lacksLedger;
  }

  private PreflightResult run(QueryShapes shapes) throws SQLException {
    sessions.check(findings);
    unfinished = UnfinishedRun.of(sessions.writing(), plan, List.copyOf(steps));
    String now = unfinished.isPresent() ? unfinished.get().now() : Server.now(sessions.writing());
    int before = findings.reasons().size();
    Map<String, Table> targets = fillsCheck().targets();
    ChangeCheck changeCheck =
        new ChangeCheck(sessions.writing(), servers().get(Plan.MAIN).named().user(), findings);
    changeCheck.find(List.copyOf(steps));
    Set<String> skipped = new LinkedHashSet<>();
    if (findings.reasons().size() == before) {
      OnlyIf onlyIf = new OnlyIf(sessions.writing(), plan, now, findings);
      if (!onlyIf.planApplies()) {
        return nothingToDo(now);
      }
      skipped.addAll(onlyIf.skipped(List.copyOf(steps)));
    }
    GrantLines.noteConditions(plan, steps, skipped, findings.leastRole());
    PreflightResult ready = fillsCheck().check(shapes, skipped, targets, now);
    changes = changeCheck.check(changeScope(skipped, now));
    boolean fillsAny = fills.stream().anyMatch(step -> !skipped.contains(step.name()));
    if (keepsLedger && skipped.size() < steps.size()) {
      lacksLedger =
          !LedgerRights.check(sessions.writing(), plan.settings().ledger().schema(), findings);
    }
    if (purpose != Purpose.VERIFY) {
      SignalRights.check(sessions.writing(), plan, written(ready), now, findings);
    }
    if (fillsAny) {
      ConnectionNeeds.check(plan, fills, ready, sessions, purpose, findings);
    }
    looked = true;
    return ready;
  }

  private List<TableName> written(PreflightResult ready) {
    return Stream.concat(
            ready.targets().values().stream().map(Target::table),
            changes.tables().values().stream())
        .map(Table::name)
        .toList();
  }

  private FillsCheck fillsCheck() {
    return new FillsCheck(plan, List.copyOf(steps), sessions, database, findingsOf);
  }

  private ChangeScope changeScope(Set<String> skipped, String now) {
    return new ChangeScope(
        database,
        applicationName,
        plan,
        now,
        steps.stream()
            .<Step>map(step -> step)
            .filter(step -> !skipped.contains(step.name()))
            .toList());
  }

  /** What was found of the steps that change the database from within. */
  public FoundChangeTargets changes() {
    return changes;
  }

  /** The run whose {@code :now} this one takes over. */
  public Optional<UnfinishedRun> unfinished() {
    return unfinished;
  }

  private PreflightResult nothingToDo(String now) {
    Set<String> all = new LinkedHashSet<>(steps.stream().map(Step::name).toList());
    return new PreflightResult(
        servers(),
        Map.of(),
        Map.of(),
        Shapes.NONE,
        List.of(),
        new PreflightResult.Omitted(all, Map.of(), false),
        now);
  }

  /** Lets the connections go. */
  @Override
  public void close() {
    try {
      sessions.close();
    } catch (SQLException e) {
      // Nothing was in progress on them.
    }
  }
}
