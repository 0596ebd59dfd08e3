package backfill.postgres;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Source;
import backfill.plan.Step;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Asks the servers whether a plan can run, before anything is touched, and lists every reason why
 * not at once. Targets first, then whether the plan applies, and only if it does its sources: a
 * database of something else lacks the targets, one where nothing is to be done may lack the
 * sources.
 */
public final class Preflight implements AutoCloseable {
  /**
   * The exporter of the snapshot, the progress line's connection and one that is just being
   * replaced; one more holds the tables that the exporter may not LOCK.
   */
  private static final int BESIDE_READERS_AND_WRITERS = 3;

  private final Plan plan;
  private final List<Step> steps;
  private final List<Step.Fill> fills;
  private final Sessions sessions;
  private final Findings findings = new Findings();
  private boolean looked;
  private boolean keepsLedger;

  private Preflight(Plan plan, List<Step> steps, Sessions sessions) {
    this.plan = plan;
    this.steps = steps;
    this.fills = Step.fills(steps);
    this.sessions = sessions;
  }

  /**
   * Connects, and asks nothing yet.
   *
   * @param steps those of the plan that this run is about
   * @param applicationName what the names of its sessions begin with
   * @throws NotReady naming each server that cannot be reached
   */
  public static Preflight open(
      Plan plan, List<Step> steps, Database database, String applicationName) {
    try {
      return new Preflight(
          plan, steps, Sessions.open(plan, database, applicationName + " preflight"));
    } catch (SQLException e) {
      throw brokenOff(database.address(), List.of(), e);
    }
  }

  /** Connects, asks, and lets go again. */
  public static Ready check(
      Plan plan, List<Step> steps, Database database, String applicationName, QueryShapes shapes) {
    try (Preflight preflight = open(plan, steps, database, applicationName)) {
      return preflight.check(shapes);
    }
  }

  /**
   * The run will keep a ledger, if the plan does not switch it off: its rights are asked about,
   * too.
   */
  public void askForLedger() {
    keepsLedger = plan.settings().ledger().on();
  }

  /** Where rows are written. */
  public Server server() {
    return sessions.writingServer();
  }

  /** Where rows are read. */
  public Server readFrom() {
    return sessions.readingServer();
  }

  /**
   * Asks everything, once.
   *
   * @throws NotReady with every reason; nothing was written
   */
  public Ready check(QueryShapes shapes) {
    try {
      Ready ready = run(shapes);
      findings.throwIfRefused();
      return ready;
    } catch (SQLException e) {
      throw brokenOff(readFrom().address(), findings.reasons(), e);
    }
  }

  private static NotReady brokenOff(String address, List<String> reasons, SQLException e) {
    List<String> all = new ArrayList<>(reasons);
    all.add(Server.address(address) + ": preflight broke off: " + ConnectionFailure.oneLine(e));
    return new NotReady(all, ConnectionFailure.passing(e.getSQLState()), e);
  }

  /**
   * The statements that give a role the rights which {@link #check} asked about, whether we have
   * them or not; comments begin with two hyphens. Empty where something besides rights is amiss, or
   * where nothing is to be done: what was not looked at may need rights of its own.
   */
  public List<String> leastRole() {
    if (!looked || !findings.onlyRightsLack()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    findings.leastRole().notes().forEach(note -> lines.add("-- " + note));
    findings
        .leastRole()
        .statements(server().database(), server().user())
        .forEach(grant -> lines.add(grant + ";"));
    return lines;
  }

  private Ready run(QueryShapes shapes) throws SQLException {
    Server server = sessions.writingServer();
    sessions.check(findings);
    String now = now();
    Map<String, Table> targets = targets();
    Set<String> skipped = new LinkedHashSet<>();
    if (targets.size() == fills.size()) {
      OnlyIf onlyIf = new OnlyIf(sessions.writing(), plan, now, findings);
      if (!onlyIf.planApplies()) {
        return nothingToDo(server, now);
      }
      skipped.addAll(onlyIf.skipped(steps));
    }
    noteConditions(skipped);
    List<Step.Fill> active = fills.stream().filter(step -> !skipped.contains(step.name())).toList();
    Scope scope = new Scope(plan, active);
    Map<String, Table> sources = sources(scope);
    Shapes known = shapes.of(scope.answerable(sources.keySet()), sources);
    known.reasons().forEach(reason -> findings.refuse("plan " + plan.name(), reason));
    rights(scope, sources, known, now);
    Map<String, Target> checked = targets(active, targets, sources, known, now);
    if (keepsLedger && !active.isEmpty()) {
      LedgerRights.check(sessions.writing(), plan.settings().ledger().schema(), findings);
    }
    if (!active.isEmpty()) {
      connections(active, sources.values(), found(active, targets));
    }
    looked = true;
    return new Ready(
        server,
        sessions.readingServer(),
        sources,
        checked,
        known,
        findings.warnings(),
        skipped,
        true,
        now);
  }

  /** Which tables a condition reads is not looked at: it is asked as it is. */
  private void noteConditions(Set<String> skipped) {
    LeastRole role = findings.leastRole();
    plan.onlyIf().ifPresent(condition -> role.note("only-if is asked too: " + condition));
    for (Step step : steps) {
      step.onlyIf()
          .ifPresent(
              condition ->
                  role.note("only-if of step " + step.name() + " is asked too: " + condition));
      if (skipped.contains(step.name())) {
        role.note("step " + step.name() + " is skipped here, and what it needs is left out");
      }
    }
  }

  private Ready nothingToDo(Server server, String now) {
    Set<String> all = new LinkedHashSet<>(steps.stream().map(Step::name).toList());
    return new Ready(
        server,
        sessions.readingServer(),
        Map.of(),
        Map.of(),
        Shapes.NONE,
        findings.warnings(),
        all,
        false,
        now);
  }

  private String now() throws SQLException {
    return sessions
        .writing()
        .one(
            """
            SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC',
                                      'YYYY-MM-DD HH24:MI:SS.US') || '+00'
            """,
            row -> row.getString(1));
  }

  private Map<String, Table> targets() throws SQLException {
    NameLookup names = new NameLookup(sessions.writing());
    Map<String, Table> targets = new LinkedHashMap<>();
    for (Step.Fill step : fills) {
      names
          .find(TargetCheck.place(step), step.target(), findings)
          .ifPresent(table -> targets.put(step.name(), table));
    }
    return targets;
  }

  private Map<String, Table> sources(Scope scope) throws SQLException {
    NameLookup names = new NameLookup(sessions.reading());
    SourceCheck check = sourceCheck();
    Map<String, Table> sources = new LinkedHashMap<>();
    for (Source source : scope.sources()) {
      Optional<Table> table = names.find(SourceCheck.place(source), source.table(), findings);
      if (table.isPresent() && check.isReadable(source, table.get())) {
        sources.put(source.name(), table.get());
      }
    }
    return sources;
  }

  private void rights(Scope scope, Map<String, Table> sources, Shapes known, String now)
      throws SQLException {
    SourceCheck check = sourceCheck();
    for (Map.Entry<String, Table> source : sources.entrySet()) {
      String name = source.getKey();
      Set<String> needed = new LinkedHashSet<>(known.needed().getOrDefault(name, Set.of()));
      needed.addAll(scope.columnsOf(name));
      check.rights(plan.sources().get(name), source.getValue(), needed, plan, now);
    }
  }

  private Map<String, Target> targets(
      List<Step.Fill> active,
      Map<String, Table> found,
      Map<String, Table> sources,
      Shapes known,
      String now)
      throws SQLException {
    TargetCheck check =
        new TargetCheck(sessions.writing(), sessions.writingServer().user(), plan, now, findings);
    HeadroomCheck headroom = new HeadroomCheck(sessions.writing(), sessions.reading(), findings);
    Map<String, Target> targets = new LinkedHashMap<>();
    for (Step.Fill step : active) {
      Table table = found.get(step.name());
      if (table == null) {
        continue;
      }
      Optional<Target> target = check.check(step, table, sources, known);
      target.ifPresent(usable -> targets.put(step.name(), usable));
      if (step instanceof Step.Pairs pairs && table.isTable()) {
        headroom.check(plan, pairs, table, sources, now);
      }
    }
    return targets;
  }

  private static List<Table> found(List<Step.Fill> active, Map<String, Table> targets) {
    return active.stream().map(Step::name).filter(targets::containsKey).map(targets::get).toList();
  }

  private void connections(
      List<Step.Fill> active, Collection<Table> sources, Collection<Table> targets)
      throws SQLException {
    boolean holder =
        Stream.of(sources, targets)
            .flatMap(Collection::stream)
            .anyMatch(table -> !table.whollyReadable());
    Settings.Read read = plan.settings().read();
    int writers = active.stream().mapToInt(step -> step.write().writers()).max().orElse(1);
    sessions.needConnections(
        read.readers(), writers, BESIDE_READERS_AND_WRITERS + (holder ? 1 : 0), findings);
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

  private SourceCheck sourceCheck() {
    return new SourceCheck(sessions.reading(), sessions.readingServer().user(), findings);
  }
}
