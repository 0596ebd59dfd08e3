package backfill.postgres;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Source;
import backfill.plan.Step;
import java.sql.SQLException;
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
public final class Preflight {
  /**
   * The exporter of the snapshot, the progress line's connection and one that is just being
   * replaced; one more holds the tables that the exporter may not LOCK.
   */
  private static final int BESIDE_READERS_AND_WRITERS = 3;

  private final Plan plan;
  private final List<Step> steps;
  private final Sessions sessions;
  private final Findings findings;

  private Preflight(Plan plan, List<Step> steps, Sessions sessions, Findings findings) {
    this.plan = plan;
    this.steps = steps;
    this.sessions = sessions;
    this.findings = findings;
  }

  /**
   * @param steps those of the plan that this run is about
   * @param applicationName what the names of its sessions begin with
   * @throws NotReady with every reason; nothing was written
   */
  public static Ready check(
      Plan plan, List<Step> steps, Database database, String applicationName, QueryShapes shapes) {
    Findings findings = new Findings();
    try (Sessions sessions = Sessions.open(plan, database, applicationName + " preflight")) {
      Ready ready = new Preflight(plan, steps, sessions, findings).run(shapes);
      findings.throwIfRefused();
      return ready;
    } catch (SQLException e) {
      findings.refuse(
          Server.address(database.readUrl()),
          "preflight broke off: " + ConnectionFailure.oneLine(e));
      throw new NotReady(findings.reasons(), ConnectionFailure.passing(e.getSQLState()), e);
    }
  }

  private Ready run(QueryShapes shapes) throws SQLException {
    Server server = sessions.writingServer();
    sessions.check(findings);
    String now = now();
    Map<String, Table> targets = targets();
    Set<String> skipped = new LinkedHashSet<>();
    if (targets.size() == steps.size()) {
      OnlyIf onlyIf = new OnlyIf(sessions.writing(), plan, now, findings);
      if (!onlyIf.planApplies()) {
        return nothingToDo(server, now);
      }
      skipped.addAll(onlyIf.skipped(steps));
    }
    List<Step> active = steps.stream().filter(step -> !skipped.contains(step.name())).toList();
    Scope scope = new Scope(plan, active);
    Map<String, Table> sources = sources(scope);
    Shapes known = shapes.of(scope.answerable(sources.keySet()), sources);
    known.reasons().forEach(reason -> findings.refuse("plan " + plan.name(), reason));
    rights(scope, sources, known, now);
    Map<String, Target> checked = targets(active, targets, sources, known, now);
    if (!active.isEmpty()) {
      connections(active, sources.values(), found(active, targets));
    }
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
    for (Step step : steps) {
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
      List<Step> active,
      Map<String, Table> found,
      Map<String, Table> sources,
      Shapes known,
      String now)
      throws SQLException {
    TargetCheck check =
        new TargetCheck(
            sessions.writing(),
            sessions.writingServer().user(),
            plan.settings().read().readers(),
            findings);
    HeadroomCheck headroom = new HeadroomCheck(sessions.writing(), sessions.reading(), findings);
    Map<String, Target> targets = new LinkedHashMap<>();
    for (Step step : active) {
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

  private static List<Table> found(List<Step> active, Map<String, Table> targets) {
    return active.stream().map(Step::name).filter(targets::containsKey).map(targets::get).toList();
  }

  private void connections(List<Step> active, Collection<Table> sources, Collection<Table> targets)
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

  private SourceCheck sourceCheck() {
    return new SourceCheck(sessions.reading(), sessions.readingServer().user(), findings);
  }
}
