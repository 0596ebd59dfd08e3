package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.Replicas;
import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.snapshot.SnapshotGroup;
import backfill.spark.query.TimestampText;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.spark.sql.SparkSession;

/**
 * Begins the readings of one run: takes the snapshots, and gives each its reader.
 *
 * @param applicationName of every connection that reads
 * @param run whose uuids {@code run_uuid} gives
 * @param waiting is told, again and again, what is waited for
 * @param cancelJobs gives up what Spark does
 */
public record NewReading(
    SparkSession spark,
    Plan plan,
    NamedDatabases databases,
    String applicationName,
    UUID run,
    Consumer<String> waiting,
    Runnable cancelJobs) {

  /**
   * Takes a snapshot of each database for these steps, right after each other, and before them
   * ACCESS SHARE on every table that the steps will read. A replica shows by then what its primary
   * had at the beginning.
   *
   * @param overlay what earlier steps of a dry run would leave
   */
  public Reading begin(PreflightResult ready, List<Step.Fill> steps, LaidOver overlay)
      throws SQLException {
    return of(ready, steps, overlay, export(TablesToRead.all(plan, ready, steps)), null);
  }

  /**
   * Begins to look at what was written: where sources are read from a replica, the targets have a
   * snapshot of the primary, and the replica shows by its own snapshot what that one does. So a row
   * that goes along with what justifies it is not taken for one that is missing.
   */
  public Reading verifying(PreflightResult ready, List<Step.Fill> steps) throws SQLException {
    if (!databases.main().readsElsewhere()) {
      return begin(ready, steps, LaidOver.NOTHING);
    }
    Snapshot targets =
        Snapshot.export(
            databases.main().atPrimary(),
            applicationName,
            TablesToRead.targets(ready, steps),
            plan.settings().lockTimeout(),
            plan.settings().write().retryFor());
    try {
      Map<String, Snapshot> sources = export(TablesToRead.sources(plan, ready, steps));
      return of(ready, steps, LaidOver.NOTHING, sources, targets);
    } catch (SQLException | RuntimeException e) {
      targets.close();
      throw e;
    }
  }

  private Map<String, Snapshot> export(Map<String, List<Table>> tables) throws SQLException {
    Replicas.await(
        databases,
        tables.keySet(),
        applicationName,
        plan.settings().lockTimeout(),
        plan.settings().read().waitFor(),
        waiting);
    return SnapshotGroup.export(
        databases,
        applicationName,
        tables,
        plan.settings().lockTimeout(),
        plan.settings().write().retryFor());
  }

  /**
   * @param atPrimary the snapshot that targets are read in; null where it is main's
   */
  private Reading of(
      PreflightResult ready,
      List<Step.Fill> steps,
      LaidOver overlay,
      Map<String, Snapshot> snapshots,
      Snapshot atPrimary) {
    long blocks = TablesToRead.blocks(ready, steps, TablesToRead.queried(plan, steps));
    KeptSources sources =
        new KeptSources(spark, plan, TimestampText.instant(ready.now()), run, blocks);
    Map<String, SnapshotReader> readers = new LinkedHashMap<>();
    snapshots.forEach(
        (name, snapshot) ->
            readers.put(
                name,
                reader(
                    sources,
                    databases.named().get(name),
                    ready.databases().get(name).read().standby(),
                    snapshot,
                    // Steps write to main alone; elsewhere the same oid is another table.
                    name.equals(Plan.MAIN) ? overlay : LaidOver.NOTHING)));
    SnapshotReader targets =
        atPrimary == null
            ? readers.get(Plan.MAIN)
            : reader(sources, databases.main().atPrimary(), false, atPrimary, overlay);
    WatchedReads reads =
        new WatchedReads(
            new OpenReaders(readers, targets), ready, plan.settings().read(), cancelJobs);
    return new Reading(plan, ready, steps, sources, reads);
  }

  /** On a standby a session that waits would be ended for a lock that it needs no more. */
  private SnapshotReader reader(
      KeptSources sources,
      Database database,
      boolean standby,
      Snapshot snapshot,
      LaidOver overlay) {
    if (!standby) {
      snapshot.keepReaders(database, applicationName);
    }
    return new SnapshotReader(
        sources.session(), database, snapshot, plan.settings().read(), applicationName, overlay);
  }
}
