package backfill.spark.sink;

import backfill.plan.Settings;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.WriteTarget;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The way into the connector's table: hands it a target that was resolved already, so that no
 * password stands among a query's options, and takes the counts out again. Used once.
 */
public final class Sink {
  /** The connector's name. */
  static final String FORMAT = "backfill";

  /** The option that names an entry of {@link #HANDED_OVER}. */
  static final String JOB = "job";

  private static final Map<String, Sink> HANDED_OVER = new ConcurrentHashMap<>();

  private SinkConfig config;
  private final String job = UUID.randomUUID().toString();
  private final SinkOutcome outcome = new SinkOutcome();

  /**
   * @param slot where batches are entered, or null without a ledger
   */
  public Sink(
      WriteTarget target, Settings.Write settings, String applicationName, LedgerSlot slot) {
    this(
        new SinkConfig(
            target,
            null,
            new SinkConfig.Pace(settings.rowsPerBatch(), settings.batchBytes(), 0),
            applicationName,
            SinkConfig.Distribution.NONE,
            slot,
            null,
            List.of()));
  }

  Sink(SinkConfig config) {
    this.config = config;
  }

  /**
   * Writes rows that are split into disjoint ascending ranges of the key already.
   *
   * @return what the writers that came to their end did; with a ledger, that is the one to ask
   */
  public WriteCounts write(Dataset<Row> rows) {
    append(rows);
    outcome
        .overlap()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason);
            });
    return outcome.counts();
  }

  /** Writes rows as the target's configuration says; what came of it is the outcome's to say. */
  void append(Dataset<Row> rows) {
    SparkContext context = rows.sparkSession().sparkContext();
    HANDED_OVER.put(job, this);
    context.addJobTag(job);
    try {
      rows.write().format(FORMAT).mode("append").option(JOB, job).save();
    } finally {
      context.removeJobTag(job);
      HANDED_OVER.remove(job);
    }
  }

  /** Writes rows in an order of their own, over one connection. */
  public WriteCounts writeInOrder(Dataset<Row> rows) {
    config = config.inOrder();
    return write(rows);
  }

  static Sink handedOver(String job) {
    Sink sink = HANDED_OVER.get(job);
    if (sink == null) {
      throw new IllegalArgumentException(
          "option " + JOB + " is for the job's own use; name the target by dbtable and url");
    }
    return sink;
  }

  public SinkConfig config() {
    return config;
  }

  SinkOutcome outcome() {
    return outcome;
  }

  /** Ends the writers that still are at it, between two of their batches. */
  void stopWriters(SparkContext context) {
    context.cancelJobsWithTag(job);
  }
}
