package backfill.spark;

import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.postgres.LedgerSlot;
import backfill.postgres.WriteCounts;
import backfill.postgres.WriteTarget;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The job's way into its own connector: hands it a target that was resolved already, so that no
 * password stands among a query's options, and takes the counts out again.
 */
public final class Sink {
  /** The option that names an entry of {@link #PENDING}. */
  static final String JOB = "job";

  private static final Map<String, Sink> PENDING = new ConcurrentHashMap<>();

  private final WriteTarget target;
  private final LedgerSlot slot;
  private final Settings.Write settings;
  private final String applicationName;
  private SinkConfig.Distribution distribution = SinkConfig.Distribution.NONE;
  private final AtomicReference<WriteCounts> counts = new AtomicReference<>(WriteCounts.NONE);

  /**
   * @param slot where batches are entered, or null without a ledger
   */
  Sink(WriteTarget target, Settings.Write settings, String applicationName, LedgerSlot slot) {
    this.slot = slot;
    this.target = target;
    this.settings = settings;
    this.applicationName = applicationName;
  }

  /**
   * Writes rows that are split into disjoint ascending ranges of the key already.
   *
   * @return what the writers that came to their end did; with a ledger, that is the one to ask
   */
  WriteCounts write(Dataset<Row> rows) {
    String job = UUID.randomUUID().toString();
    PENDING.put(job, this);
    try {
      rows.write().format(BackfillSource.NAME).mode("append").option(JOB, job).save();
      return counts.get();
    } finally {
      PENDING.remove(job);
    }
  }

  /** Writes rows in an order of their own, over one connection. */
  WriteCounts writeInOrder(Dataset<Row> rows) {
    distribution = SinkConfig.Distribution.IN_ORDER;
    return write(rows);
  }

  /** Likewise, pairs as sets. */
  WriteCounts write(
      JavaRDD<ObjectPairs> objects,
      PairRows.Which which,
      Broadcast<UserIndex> users,
      StepKeys keys) {
    return SetWriter.write(config(), objects, which, users, keys);
  }

  static Sink pending(String job) {
    Sink sink = PENDING.get(job);
    if (sink == null) {
      throw new IllegalArgumentException(
          "option " + JOB + " is for the job's own use; name the target by dbtable and url");
    }
    return sink;
  }

  SinkConfig config() {
    return new SinkConfig(
        target,
        null,
        settings.rowsPerBatch(),
        settings.batchBytes(),
        0,
        applicationName,
        distribution,
        slot);
  }

  void done(WriteCounts total) {
    counts.set(total);
  }
}
