package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeListing;
import backfill.postgres.ledger.LedgerTables;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.OpenTransactions;
import backfill.postgres.server.Replicas;
import backfill.postgres.snapshot.SnapshotListing;
import backfill.postgres.write.BatchListing;
import backfill.postgres.write.TableAnalysis;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.Session;
import backfill.spark.read.ReadListing;
import backfill.spark.read.TablesToRead;
import backfill.spark.step.SinkOfStep;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Every statement of a run, in the order of its stages, with the locks that it takes. */
final class SqlListing {
  /** In the place of what only the export can say. */
  private static final String SNAPSHOT = "the exported snapshot";

  private final Schedule schedule;
  private final Plan plan;
  private final PreflightResult ready;
  private final NamedDatabases databases;
  private final Database database;
  private final String applicationName;
  private final ReadListing reads;
  private final ChangeListing changes;
  private final List<String> lines = new ArrayList<>();

  SqlListing(Schedule schedule, NamedDatabases databases, String applicationName, Session session) {
    this.schedule = schedule;
    this.plan = schedule.plan();
    this.ready = schedule.ready();
    this.databases = databases;
    this.database = databases.main();
    this.applicationName = applicationName;
    this.changes = new ChangeListing(schedule.scope(), schedule.changes());
    this.reads = new ReadListing(session, plan, ready, databases, applicationName);
  }

  /** The lines, which are SQL with comments. */
  List<String> lines() throws Exception {
    heading(
        "Every statement of run %s, with the locks that it takes on tables and whom they"
            .formatted(plan.name()),
        "keep waiting; without such a comment it takes none. Not listed is what preflight asks, and check has",
        "asked just now: the catalog, how far the targets' sequences are, and, where one might end, a count of",
        "the sources; nor what the progress line asks pg_stat_activity, what read and verify ask the catalog about",
        "columns, and what the driver keeps in the ledger's tables run and lease, a row each.");
    if (plan.settings().ledger().on()) {
      lines.add("");
      lines.addAll(ledger(plan));
    }
    if (schedule.countedForChecks() > 0) {
      heading(
          "count: never is asked before a step writes, so that what read lists below is read once before that,",
          "as far as the tables are there");
    }
    List<Step.Fill> written = new ArrayList<>();
    int turn = 0;
    for (List<Step> steps : schedule.turns()) {
      if (steps.get(0) instanceof Step.Change change) {
        write(change);
      } else {
        fill(Step.fills(steps));
        written.addAll(Step.fills(steps));
      }
      schedule.writtenLast(turn).forEach(this::afterwards);
      turn++;
      if (schedule.verifiesBefore(turn, written, ready)) {
        verify(written);
        written.clear();
      }
    }
    return lines;
  }

  /**
   * What makes the ledger: a role that may not let a run do it has it made beforehand. Empty for a
   * plan without one.
   */
  static List<String> ledger(Plan plan) {
    List<String> lines = new ArrayList<>();
    if (plan.settings().ledger().on()) {
      lines.add(
          "-- ledger: its schema and tables, which run creates where one is missing; they may be made beforehand,");
      lines.add(
          "-- by a role that may, and check --grants then says what the run's role needs there");
      LedgerTables.create(plan.settings().ledger().schema()).forEach(sql -> lines.add(sql + ";"));
    }
    return lines;
  }

  private void fill(List<Step.Fill> together) throws Exception {
    read(together);
    for (Step.Fill step : together) {
      write(step);
    }
  }

  /** A count before it and one after it are the same look at the same rows. */
  private void write(Step.Change step) throws Exception {
    heading(
        step instanceof Step.InPlace batches
            ? "write %s: a transaction for each batch of at most %d rows, until none is left"
                .formatted(step.name(), batches.write().rowsPerBatch())
            : "write %s: if the catalog says that it is not done".formatted(step.name()));
    list(changes.of(step));
  }

  private void read(List<Step.Fill> together) {
    String names = names(together);
    Map<String, List<Table>> tables = TablesToRead.all(plan, ready, together);
    if (tables.keySet().stream().anyMatch(name -> databases.named().get(name).readsElsewhere())) {
      heading("read " + names + ": whether a replica has what its primary has");
      list(Replicas.listing(plan.settings().read().waitFor()));
    }
    tables.forEach(
        (database, read) -> {
          String of = database.equals(Plan.MAIN) ? "" : " of database " + database;
          SnapshotListing snapshot = new SnapshotListing(read, plan.settings().lockTimeout());
          if (!snapshot.holding().isEmpty()) {
            heading("read " + names + ": holds what the exporter has no right to LOCK" + of);
            list(snapshot.holding());
          }
          heading("read " + names + ": exports a snapshot" + of + ", and holds what is read in it");
          list(snapshot.exporting());
        });
    heading("read " + names + ": how each reader begins; it ends with COMMIT");
    list(SnapshotListing.importing(SNAPSHOT, plan.settings().lockTimeout()));
    Set<String> sources = sources(together);
    for (String source : sources) {
      String database = plan.sources().get(source).database();
      heading(
          "read source "
              + source
              + (database.equals(Plan.MAIN) ? "" : ", of database " + database));
      list(reads.source(source, together));
    }
    for (Step.Fill step : together) {
      if (!ready.pending().containsKey(step.name())) {
        heading("read target of " + step.name());
        list(reads.target(step));
      }
    }
    List<ListedStatement> parents = reads.parents(together);
    if (!parents.isEmpty()) {
      heading("read parents of " + names);
      list(parents);
    }
    List<ListedStatement> noting = reads.noting(sources);
    if (!noting.isEmpty()) {
      heading(
          "read " + names + ": notes by what verify can tell whether a table is as it was read");
      list(noting);
    }
    heading("read " + names + ": lets " + (tables.size() > 1 ? "each" : "the") + " snapshot go");
    list(List.of(new ListedStatement("ROLLBACK")));
  }

  private void write(Step.Fill step) throws Exception {
    PreflightResult.Pending pending = ready.pending().get(step.name());
    if (pending != null) {
      heading(
          "write " + step.name() + ": can be listed once its tables are there;", pending.reason());
      return;
    }
    Target target = ready.targets().get(step.name());
    List<WritePart> parts = WritePart.of(step, reads.outputs(step), target);
    for (WritePart part : parts) {
      heading(
          "write %s%s: a transaction for each batch of at most %d rows, over %d connections"
              .formatted(
                  step.name(),
                  parts.size() == 1 ? "" : ", " + part.operation().event(),
                  step.write().rowsPerBatch(),
                  target.ownParents(reads.outputs(step)).isEmpty() ? step.write().writers() : 1));
      list(
          BatchListing.of(
                  plan,
                  step,
                  ready.targets(),
                  new SinkOfStep(plan, database, applicationName).target(step, part, target),
                  applicationName)
              .statements());
    }
  }

  private void afterwards(Schedule.Written written) {
    if (!written.grows() || written.analyze() == Settings.Analyze.OFF) {
      return;
    }
    Step.Fill fill = Step.fills(written.steps()).get(0);
    heading(
        "afterwards, once %s is the last to have written %s: where it grew by more than a tenth, and the role may"
            .formatted(written.last().name(), written.table()));
    list(TableAnalysis.listing(ready.targets().get(fill.name()).table(), plan.settings()));
  }

  private void verify(List<Step.Fill> together) {
    heading("verify " + names(together) + ": the transactions open at our last commit");
    list(OpenTransactions.listing(plan.settings().verify().waitFor()));
    Set<String> sources = sources(together);
    heading(
        "verify "
            + names(together)
            + (database.readsElsewhere()
                ? ": new snapshots, of the primary for the targets and then of the replica for the sources,"
                : ": a new snapshot,"),
        "and in it what tells whether a table is as it was read");
    list(reads.comparing(sources));
    list(reads.comparingTargets(together));
    heading(
        "verify "
            + names(together)
            + ": of what is not, every statement of read again; of a target that was written, too");
  }

  private Set<String> sources(List<Step.Fill> steps) {
    Set<String> sources = new LinkedHashSet<>();
    steps.forEach(step -> sources.addAll(plan.sourcesOf(step)));
    return sources;
  }

  private static String names(List<Step.Fill> steps) {
    return steps.stream().map(Step::name).collect(Collectors.joining(", "));
  }

  private void heading(String... comment) {
    if (!lines.isEmpty()) {
      lines.add("");
    }
    for (String line : comment) {
      lines.add("-- " + line);
    }
  }

  private void list(List<ListedStatement> statements) {
    statements.forEach(statement -> lines.add(statement.text()));
  }
}
