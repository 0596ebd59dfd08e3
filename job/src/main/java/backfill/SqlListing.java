package backfill;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.BatchListing;
import backfill.postgres.ChangeListing;
import backfill.postgres.ChangeScope;
import backfill.postgres.Changes;
import backfill.postgres.Database;
import backfill.postgres.ListedStatement;
import backfill.postgres.OpenTransactions;
import backfill.postgres.Ready;
import backfill.postgres.SnapshotListing;
import backfill.postgres.WriteTarget;
import backfill.spark.ReadListing;
import backfill.spark.Reading;
import backfill.spark.Session;
import backfill.spark.Sinks;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Every statement of a run, in the order of its stages, with the locks that it takes. */
final class SqlListing {
  /** In the place of what only the export can say. */
  private static final String SNAPSHOT = "the exported snapshot";

  private final Plan plan;
  private final Ready ready;
  private final Database database;
  private final String applicationName;
  private final ReadListing reads;
  private final ChangeListing changes;
  private final List<String> lines = new ArrayList<>();

  SqlListing(
      Plan plan,
      Ready ready,
      Database database,
      String applicationName,
      Session session,
      ChangeScope scope,
      Changes changes) {
    this.plan = plan;
    this.ready = ready;
    this.database = database;
    this.applicationName = applicationName;
    this.changes = new ChangeListing(scope, changes);
    this.reads = new ReadListing(session, plan, ready, database, applicationName);
  }

  /**
   * The lines, which are SQL with comments.
   *
   * @param steps those that will run
   */
  List<String> of(List<Step> steps) throws Exception {
    heading(
        "Every statement of run %s, with the locks that it takes on tables and whom they"
            .formatted(plan.name()),
        "keep waiting; without such a comment it takes none. Not listed is what preflight asks, and check has",
        "asked just now: the catalog, how far the targets' sequences are, and, where one might end, a count of",
        "the sources; nor what the progress line asks pg_stat_activity, and what the driver keeps in the ledger's",
        "tables run and lease, a row each.");
    for (List<Step> turn : Turns.of(plan, ready, steps)) {
      if (turn.get(0) instanceof Step.Change change) {
        write(change);
      } else {
        fill(Step.fills(turn));
      }
    }
    return lines;
  }

  private void fill(List<Step.Fill> together) throws Exception {
    read(together);
    for (Step.Fill step : together) {
      write(step);
    }
    verify(together);
  }

  /** A count before it and behind it is the same look at the same rows. */
  private void write(Step.Change step) throws Exception {
    heading(
        step instanceof Step.Batches batches
            ? "write %s: a transaction for each batch of at most %d rows, until none is left"
                .formatted(step.name(), batches.write().rowsPerBatch())
            : "write %s: if the catalog says that it is not done".formatted(step.name()));
    list(changes.of(step));
  }

  private void read(List<Step.Fill> together) {
    SnapshotListing snapshot =
        new SnapshotListing(Reading.tables(plan, ready, together), plan.settings().lockTimeout());
    if (!snapshot.holding().isEmpty()) {
      heading("read " + names(together) + ": holds what the exporter has no right to LOCK");
      list(snapshot.holding());
    }
    heading("read " + names(together) + ": exports a snapshot, and holds what is read in it");
    list(snapshot.exporting());
    heading("read " + names(together) + ": how each reader begins; it ends with COMMIT");
    list(SnapshotListing.importing(SNAPSHOT));
    Set<String> sources = new LinkedHashSet<>();
    together.forEach(step -> sources.addAll(plan.sourcesOf(step)));
    for (String source : sources) {
      heading("read source " + source);
      list(reads.source(source, together));
    }
    for (Step.Fill step : together) {
      heading("read target of " + step.name());
      list(reads.target(step));
    }
    List<ListedStatement> parents = reads.parents(together);
    if (!parents.isEmpty()) {
      heading("read parents of " + names(together));
      list(parents);
    }
    heading("read " + names(together) + ": lets the snapshot go");
    list(List.of(new ListedStatement("ROLLBACK")));
  }

  private void write(Step.Fill step) throws Exception {
    WriteTarget target = Sinks.target(step, reads.columns(step), ready, plan, database);
    heading(
        "write %s: a transaction for each batch of at most %d rows, over %d connections"
            .formatted(step.name(), step.write().rowsPerBatch(), step.write().writers()));
    list(BatchListing.of(plan, step, ready, target, applicationName).statements());
  }

  private void verify(List<Step.Fill> together) {
    heading("verify " + names(together) + ": the transactions open at our last commit");
    list(OpenTransactions.listing(database, plan.settings().verify().waitFor()));
    heading(
        "verify " + names(together) + ": a new snapshot, and in it every statement of read again");
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
