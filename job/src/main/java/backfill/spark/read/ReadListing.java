package backfill.spark.read;

import backfill.plan.Amount;
import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.snapshot.NotedKeys;
import backfill.postgres.snapshot.NotedTables;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.Session;
import backfill.spark.query.PairColumnNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What reads sources and targets, listed. */
public final class ReadListing {
  private final Plan plan;
  private final PreflightResult ready;
  private final Map<String, TableScan> scans = new LinkedHashMap<>();

  public ReadListing(
      Session session,
      Plan plan,
      PreflightResult ready,
      NamedDatabases databases,
      String applicationName) {
    this.plan = plan;
    this.ready = ready;
    Settings.Read read = plan.settings().read();
    databases
        .named()
        .forEach(
            (name, database) ->
                scans.put(name, new TableScan(session.get(), database, read, applicationName)));
  }

  /**
   * What reads a source.
   *
   * @param together the steps that share its snapshot
   */
  public List<ListedStatement> source(String name, List<Step.Fill> together) {
    Source source = plan.sources().get(name);
    Table table = ready.sources().get(name);
    TableScan scan = scans.get(source.database());
    PairColumnNames pairs = PairColumnNames.read(plan, together, ready).get(name);
    if (pairs != null) {
      return listed(
          table, scan.pairStatements(table, pairs, KeptSources.where(source, plan, ready)));
    }
    Set<String> needed = ready.shapes().needed().getOrDefault(name, Set.of());
    List<String> columns = table.columnsToRead(needed);
    String where = KeptSources.where(source, plan, ready);
    return source.keyedBy().isPresent()
        ? keyed(source, table, columns, where)
        : listed(scan, table, columns, where);
  }

  private List<ListedStatement> keyed(
      Source source, Table table, List<String> columns, String where) {
    String key = source.keyedBy().orElseThrow().column();
    return List.of(keyed(table, KeyedScan.sql(table, key, columns, where)));
  }

  private ListedStatement keyed(Table table, String sql) {
    Settings.Read read = plan.settings().read();
    return new ListedStatement(
        List.of(
            "as often as there are keys, each with an array of at most %,d of them, over at most %s"
                .formatted(read.keysPerQuery(), Amount.of(read.readers(), "connection")),
            TableLock.ACCESS_SHARE.on(table, "the last row is read")),
        sql);
  }

  /** What reads a step's target: its own rows, and the keys of others. */
  public List<ListedStatement> target(Step.Fill step) {
    Target target = ready.targets().get(step.name());
    List<ListedStatement> own =
        present(step, target, WritePart.read(step, outputs(step), target), target.where());
    return Stream.concat(
            own.stream(),
            target.foreign().stream()
                .flatMap(others -> present(step, target, step.key(), others).stream()))
        .toList();
  }

  private List<ListedStatement> present(
      Step.Fill step, Target target, List<String> columns, String where) {
    return step instanceof Step.Pairs pairs
        ? listed(
            target.table(),
            main()
                .pairStatements(
                    target.table(),
                    columns.size() > step.key().size()
                        ? PairColumnNames.of(pairs.into())
                        : PairColumnNames.of(pairs.into()).keys(),
                    where))
        : listed(main(), target.table(), columns, where);
  }

  /**
   * What reads the keys that the targets' foreign keys refer to.
   *
   * @param together the steps that share a snapshot
   */
  public List<ListedStatement> parents(List<Step.Fill> together) {
    Map<String, List<ListedStatement>> listed = new LinkedHashMap<>();
    for (Step.Fill step : together) {
      for (ParentTable parent : ready.targets().get(step.name()).parentsOf(outputs(step))) {
        List<String> columns = parent.readBy(step);
        if (!columns.isEmpty()) {
          listed.put(
              parent.table().name().quoted() + "." + columns,
              listed(
                  parent.table(),
                  main()
                      .pairStatements(
                          parent.table(), new PairColumnNames(columns, columns), null)));
        }
      }
    }
    return listed.values().stream().flatMap(List::stream).toList();
  }

  /**
   * What tells verify whether it would read these sources, and the targets of these steps, again as
   * they were read; main is always there.
   */
  static Map<String, List<NotedTables.Rows>> noted(
      Plan plan, PreflightResult ready, Collection<String> sources, List<Step.Fill> steps) {
    Map<String, List<NotedTables.Rows>> noted = noted(plan, ready, sources);
    List<NotedTables.Rows> main = noted.computeIfAbsent(Plan.MAIN, name -> new ArrayList<>());
    steps.forEach(step -> notedTarget(ready, step).ifPresent(main::add));
    return noted;
  }

  private static Map<String, List<NotedTables.Rows>> noted(
      Plan plan, PreflightResult ready, Collection<String> sources) {
    Map<String, List<NotedTables.Rows>> noted = new LinkedHashMap<>();
    for (Source source : plan.sources().values()) {
      String name = source.name();
      if (sources.contains(name)) {
        noted
            .computeIfAbsent(source.database(), database -> new ArrayList<>())
            .add(
                new NotedTables.Rows(
                    name,
                    ready.sources().get(name),
                    KeptSources.where(source, plan, ready),
                    source.keyedBy().isPresent()));
      }
    }
    return noted;
  }

  /** Of a target, all of whose rows are the step's. */
  private static Optional<NotedTables.Rows> notedTarget(PreflightResult ready, Step.Fill step) {
    Target target = ready.targets().get(step.name());
    return target.where() == null && target.foreign().isEmpty()
        ? Optional.of(new NotedTables.Rows(targetName(step), target.table(), null))
        : Optional.empty();
  }

  /** Under which a target is noted; no source has such a name. */
  static String targetName(Step.Fill step) {
    return "target of " + step.name();
  }

  /** What notes these sources as they are read. */
  public List<ListedStatement> noting(Collection<String> sources) {
    return noted(plan, ready, sources).values().stream()
        .flatMap(rows -> NotedTables.listing(rows).stream())
        .toList();
  }

  /** What compares them in verify. */
  public List<ListedStatement> comparing(Collection<String> sources) {
    return noted(plan, ready, sources).values().stream()
        .flatMap(
            rows ->
                Stream.concat(
                    NotedTables.comparing(rows).stream(),
                    rows.stream().filter(NotedTables.Rows::findable).map(this::looking)))
        .toList();
  }

  private ListedStatement looking(NotedTables.Rows rows) {
    return keyed(
        rows.table(),
        NotedKeys.sql(
            rows.table().name(),
            plan.sources().get(rows.name()).keyedBy().orElseThrow().column(),
            NotedTables.ANY_HORIZON));
  }

  /** What compares targets there. */
  public List<ListedStatement> comparingTargets(List<Step.Fill> steps) {
    return steps.stream()
        .filter(step -> !ready.pending().containsKey(step.name()))
        .flatMap(step -> notedTarget(ready, step).stream())
        .flatMap(rows -> NotedTables.comparing(List.of(rows)).stream())
        .map(statement -> statement.with("only where nothing was to be written"))
        .toList();
  }

  /** The columns that a step gives its target. */
  public List<String> outputs(Step.Fill step) {
    return ready.shapes().outputs().getOrDefault(step.name(), step.written());
  }

  private TableScan main() {
    return scans.get(Plan.MAIN);
  }

  private static List<ListedStatement> listed(
      TableScan scan, Table table, Collection<String> columns, String where) {
    return listed(table, scan.statements(table, columns, where));
  }

  private static List<ListedStatement> listed(Table table, List<String> statements) {
    List<ListedStatement> listed = new ArrayList<>();
    for (int i = 0; i < statements.size(); i++) {
      listed.add(
          new ListedStatement(
              List.of(
                  "reader %d of %d".formatted(i + 1, statements.size()),
                  TableLock.ACCESS_SHARE.on(table, "the last row is read")),
              statements.get(i)));
    }
    return listed;
  }
}
