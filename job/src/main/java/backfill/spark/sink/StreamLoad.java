package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.postgres.ledger.StreamLedger;
import backfill.postgres.ledger.StreamSlot;
import backfill.postgres.ledger.StreamSlot.Entered;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SqlFailure;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Writes one batch of a streaming query, unless the ledger says that it is in: then its counts are
 * those of the time when it was written. It is tried again whole after a failure that passes.
 */
final class StreamLoad {
  /** Where a streaming query says, which one it is and at which batch. */
  private static final String QUERY = "sql.streaming.queryId";

  private static final String BATCH = "streaming.sql.batchId";

  private static final Logger LOG = LogManager.getLogger(StreamLoad.class);

  private StreamLoad() {}

  /** The number of the query that asks for this write; null where none does. */
  static String query(SparkSession session) {
    return session.sparkContext().getLocalProperty(QUERY);
  }

  static void run(SinkOptions settings, SinkConfig config, Dataset<Row> rows) {
    StreamSlot slot = config.stream();
    refuseOtherBatch(slot, rows.sparkSession());
    StreamLedger ledger =
        new StreamLedger(
            config.target().database(), config.applicationName(), slot, settings.timeouts().lock());
    Optional<Entered> entered = ledger.prepare();
    if (entered.isPresent()) {
      LOG.info("{}: {} is in already, and is not written again", config.target().table(), slot);
    } else {
      entered = write(settings, config, rows, ledger);
      LOG.info(
          "{}: {}: {}",
          config.target().table(),
          slot,
          entered.map(Entered::counts).map(ModeCounts::toString).orElse("no row"));
    }
    publish(
        settings,
        rows,
        entered.orElseGet(
            () -> new Entered(slot.query(), slot.mode().toString(), none(slot.mode()), List.of())),
        true);
  }

  private static void refuseOtherBatch(StreamSlot slot, SparkSession session) {
    String present = session.sparkContext().getLocalProperty(BATCH);
    if (slot.query() != null && present != null && !present.equals(String.valueOf(slot.batch()))) {
      throw new SinkException(
          "option batch is %d, and the streaming query is at batch %s; give it the number that foreachBatch hands over"
              .formatted(slot.batch(), present));
    }
  }

  private static ModeCounts none(WriteMode mode) {
    return ModeCounts.of(mode, WriteCounts.NONE, 0);
  }

  private static Optional<Entered> write(
      SinkOptions settings, SinkConfig config, Dataset<Row> rows, StreamLedger ledger) {
    Retry retry = new Retry(settings.timeouts().retryFor());
    while (true) {
      Sink sink = new Sink(config);
      Optional<Exception> failure = SinkLoad.write(sink, rows);
      Optional<Entered> entered = ledger.entered();
      if (entered.isPresent()) {
        return entered;
      }
      Optional<SQLException> passing = failure.flatMap(SqlFailure::in).filter(Retry::passing);
      if (passing.isEmpty() || !paused(retry, passing.get())) {
        fail(settings, sink, rows, failure);
        return Optional.empty();
      }
    }
  }

  /** False where it was tried for long enough. */
  private static boolean paused(Retry retry, SQLException failure) {
    try {
      retry.pauseOrThrow(failure);
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  /** Says why, if anything failed: a batch without a partition has no row, and no entry. */
  private static void fail(
      SinkOptions settings, Sink sink, Dataset<Row> rows, Optional<Exception> failure) {
    WriteCounts counts = sink.outcome().counts();
    ModeCounts rejected = new ModeCounts(counts.rejected(), 0, 0, 0, 0, 0, 0, counts.rejected());
    StreamSlot slot = sink.config().stream();
    try {
      SinkLoad.refuse(sink, settings);
      if (failure.isPresent()) {
        throw SinkLoad.inOurWords(failure.get(), sink.config());
      }
    } catch (SinkException e) {
      publish(
          settings,
          rows,
          new Entered(slot.query(), slot.mode().toString(), rejected, counts.rejections()),
          false);
      throw new SinkException(e.getMessage() + "; nothing of " + slot + " was written", e);
    }
  }

  private static void publish(
      SinkOptions settings, Dataset<Row> rows, Entered entered, boolean exact) {
    settings
        .counts()
        .ifPresent(
            view ->
                SinkCounts.publish(
                    rows.sparkSession(), view, entered.counts(), exact, entered.rejections()));
  }
}
