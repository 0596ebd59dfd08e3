package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.Table;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the sources of some steps, each in its own database, and looks whether they can be read.
 */
final class SourceTables {
  private final Plan plan;
  private final List<Step.Fill> steps;
  private final PreflightConnections sessions;
  private final PendingObjects pending;
  private final Map<String, Findings> findings;
  private final Map<String, Table> found = new LinkedHashMap<>();
  private final Map<String, String> reasons = new LinkedHashMap<>();
  private final Set<String> halfMade = new LinkedHashSet<>();
  private final Map<String, SourceCheck> checks = new LinkedHashMap<>();

  /**
   * @param findings database to findings
   */
  SourceTables(
      Plan plan,
      List<Step.Fill> steps,
      PreflightConnections sessions,
      PendingObjects pending,
      Map<String, Findings> findings) {
    this.plan = plan;
    this.steps = steps;
    this.sessions = sessions;
    this.pending = pending;
    this.findings = findings;
  }

  /** Name to table, of those that are there and readable, or will be made; reasons for the rest. */
  Map<String, Table> find(Scope scope) throws SQLException {
    Map<String, NameLookup> lookups = lookups(scope.sources());
    for (Source source : scope.sources()) {
      boolean neededNow = await(source);
      NameLookup names = lookups.get(source.database());
      Optional<Table> table =
          neededNow
              ? names.find(SourceCheck.place(source), source.table(), in(source))
              : Optional.of(names.thereOrPending(source.table()));
      if (table.isPresent()
          && (table.get().isPending() || check(source).isReadable(source, table.get()))) {
        found.put(source.name(), table.get());
      }
    }
    return found;
  }

  /** Database to a lookup of all of its sources, which are looked up at once with our rights. */
  private Map<String, NameLookup> lookups(Collection<Source> sources) throws SQLException {
    Map<String, List<String>> written = new LinkedHashMap<>();
    sources.forEach(
        source ->
            written
                .computeIfAbsent(source.database(), database -> new ArrayList<>())
                .add(source.table()));
    Map<String, NameLookup> lookups = new LinkedHashMap<>();
    for (Map.Entry<String, List<String>> each : written.entrySet()) {
      NameLookup lookup = new NameLookup(sessions.reading(each.getKey()));
      checks
          .computeIfAbsent(each.getKey(), this::check)
          .ahead(lookup.ahead(each.getValue().stream().distinct().toList()));
      lookups.put(each.getKey(), lookup);
    }
    return lookups;
  }

  /** Whether a step reads it that no step will make it for. */
  private boolean await(Source source) throws SQLException {
    boolean now = false;
    for (Step.Fill step : steps) {
      if (plan.sourcesOf(step).contains(source.name())) {
        Optional<String> maker =
            source.database().equals(Plan.MAIN)
                ? pending.maker(step, source.table())
                : Optional.empty();
        maker.ifPresent(
            by ->
                reasons.putIfAbsent(
                    step.name(),
                    "%s, which it reads as %s, is made by step %s"
                        .formatted(source.table(), source.name(), by)));
        now |= maker.isEmpty();
      }
    }
    if (!now) {
      halfMade.add(source.name());
    }
    return now;
  }

  /** Step to reason, of those that read what an earlier step makes. */
  Map<String, String> pending() {
    return reasons;
  }

  /** Asks about the rights on those that are there as they will be read, and about their keys. */
  void rights(Scope scope, Shapes known, Gone gone, String now) throws SQLException {
    for (Map.Entry<String, Table> each : found.entrySet()) {
      String name = each.getKey();
      if (!halfMade.contains(name)) {
        Source source = plan.sources().get(name);
        Set<String> needed = new LinkedHashSet<>(known.needed().getOrDefault(name, Set.of()));
        needed.addAll(scope.columnsOf(name));
        check(source).rights(source, each.getValue(), needed, plan, now);
        if (source.database().equals(Plan.MAIN)) {
          for (Step.Fill step : steps) {
            if (plan.sourcesOf(step).contains(name)) {
              gone.check(Findings.place(step), step, each.getValue(), needed, in(source));
            }
          }
        }
        new KeyCheck(sessions.reading(source.database()), in(source))
            .check(source, each.getValue());
      }
    }
  }

  private SourceCheck check(Source source) {
    return checks.get(source.database());
  }

  private SourceCheck check(String database) {
    return new SourceCheck(
        sessions.reading(database),
        sessions.servers().get(database).read().user(),
        findings.get(database));
  }

  private Findings in(Source source) {
    return findings.get(source.database());
  }
}
