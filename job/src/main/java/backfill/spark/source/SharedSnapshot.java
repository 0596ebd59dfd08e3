package backfill.spark.source;

import backfill.plan.Plan;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.Replicas;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.snapshot.Snapshot;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The snapshot of one load: all of its scans that read at the same time read in the same one, so
 * that a table that is joined with itself is seen at one moment. It is taken when the first of them
 * begins, and once more for a query that is executed after it was let go.
 */
final class SharedSnapshot {
  private static final Logger LOG = LogManager.getLogger(SharedSnapshot.class);

  /** Where Spark sends tasks: every job of the application waits for this thread. */
  private static final String SCHEDULER = "dag-scheduler-event-loop";

  /** In place of a partition. */
  private static final int NONE = -1;

  private final Database database;
  private final Table table;
  private final SourceOptions.Holding holding;
  private final OpenSnapshots open;
  private final String name = "backfill read " + UUID.randomUUID().toString().substring(0, 8);
  private final ReentrantLock taking = new ReentrantLock();
  private HeldSnapshot current;
  private int taken;

  SharedSnapshot(
      Database database, Table table, SourceOptions.Holding holding, OpenSnapshots open) {
    this.database = database;
    this.table = table;
    this.holding = holding;
    this.open = open;
  }

  static boolean inScheduler() {
    return Thread.currentThread().getName().equals(SCHEDULER);
  }

  /**
   * Takes it for the query that is about to be executed; for jobs of none it is taken when the
   * first of them begins.
   */
  Optional<HeldSnapshot.Import> take(ReadPartitions read) {
    return open.runningExecution()
        .map(execution -> held(holding.retryFor(), read, execution, NONE).importing());
  }

  /** The same for a task that is about to be sent, without much patience. */
  HeldSnapshot.Import begin(ReadPartitions read, int partition) {
    return held(Duration.ZERO, read, null, partition).importing();
  }

  private HeldSnapshot held(Duration retryFor, ReadPartitions read, Long execution, int partition) {
    lock(retryFor);
    try {
      if (!open.use(current, read, execution, partition, table.name())) {
        current = exported(retryFor);
        open.use(current, read, execution, partition, table.name());
      }
      return current;
    } finally {
      taking.unlock();
    }
  }

  private void lock(Duration retryFor) {
    try {
      if (taking.tryLock(retryFor.plus(holding.lockTimeout()).toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new SourceException(
        "another query is taking a snapshot of "
            + table.name()
            + ", and it takes long; run this one again");
  }

  private HeldSnapshot exported(Duration retryFor) {
    String applicationName = name + " " + ++taken;
    try {
      Replicas.await(
          NamedDatabases.only(database),
          List.of(Plan.MAIN),
          applicationName,
          holding.lockTimeout(),
          inScheduler() ? holding.lockTimeout() : holding.waitFor(),
          waiting -> LOG.info("{}: {}", table.name(), waiting));
      HeldSnapshot held =
          new HeldSnapshot(
              Snapshot.export(
                  database, applicationName, List.of(table), holding.lockTimeout(), retryFor),
              applicationName);
      open.add(held, table.name(), holding.maxAge());
      return held;
    } catch (SQLException e) {
      throw new SourceException(
          "cannot take a snapshot of "
              + table.name()
              + " at "
              + database.readAddress()
              + ": "
              + SqlFailure.message(e),
          e);
    }
  }
}
