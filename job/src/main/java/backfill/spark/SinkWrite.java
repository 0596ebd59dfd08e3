package backfill.spark;

import backfill.postgres.WriteCounts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.distributions.Distribution;
import org.apache.spark.sql.connector.distributions.Distributions;
import org.apache.spark.sql.connector.expressions.Expressions;
import org.apache.spark.sql.connector.expressions.SortDirection;
import org.apache.spark.sql.connector.expressions.SortOrder;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.write.BatchWrite;
import org.apache.spark.sql.connector.write.DataWriterFactory;
import org.apache.spark.sql.connector.write.PhysicalWriteInfo;
import org.apache.spark.sql.connector.write.RequiresDistributionAndOrdering;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructType;

/** One write: how its rows must come, and who writes them. */
final class SinkWrite implements RequiresDistributionAndOrdering, BatchWrite {
  private static final Logger LOG = LogManager.getLogger(SinkWrite.class);

  private static final String SPECULATION = "true";

  private final SinkConfig config;
  private final StructType schema;
  private final Consumer<WriteCounts> done;

  private SinkWrite(SinkConfig config, StructType schema, Consumer<WriteCounts> done) {
    this.config = config;
    this.schema = schema;
    this.done = done;
  }

  static SinkWrite of(Sink sink, StructType schema) {
    return new SinkWrite(sink.config(), schema, sink::done);
  }

  static SinkWrite of(SinkConfig config, StructType schema) {
    return new SinkWrite(
        config,
        schema,
        counts ->
            LOG.info(
                "{}: {} rows, {} inserted, {} there already, {} batches tried again",
                config.target().table(),
                counts.rows(),
                counts.changed(),
                counts.left(),
                counts.retries()));
  }

  @Override
  public String description() {
    return config.target().table().toString();
  }

  @Override
  public Distribution requiredDistribution() {
    return config.distribution() == SinkConfig.Distribution.RANGE
        ? Distributions.ordered(requiredOrdering())
        : Distributions.unspecified();
  }

  @Override
  public int requiredNumPartitions() {
    return config.distribution() == SinkConfig.Distribution.RANGE ? config.writers() : 0;
  }

  @Override
  public SortOrder[] requiredOrdering() {
    return config.distribution() == SinkConfig.Distribution.RANGE
        ? config.target().key().stream()
            .map(key -> Expressions.sort(Expressions.column(quoted(key)), SortDirection.ASCENDING))
            .toArray(SortOrder[]::new)
        : new SortOrder[0];
  }

  /** Spark parses the name: a dot in it would be a step into a structure. */
  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  @Override
  public BatchWrite toBatch() {
    return this;
  }

  @Override
  public CustomMetric[] supportedCustomMetrics() {
    return new CustomMetric[] {new RowsWritten()};
  }

  @Override
  public DataWriterFactory createBatchWriterFactory(PhysicalWriteInfo info) {
    if (config.writers() > 0 && info.numPartitions() > config.writers()) {
      throw new IllegalArgumentException(
          "the input has "
              + info.numPartitions()
              + " partitions and writers is "
              + config.writers()
              + ": with distribution = none each partition has a connection; coalesce the input, raise writers, or"
              + " leave distribution at range");
    }
    if (config.slot() == null && SPECULATION.equalsIgnoreCase(speculation())) {
      throw new IllegalArgumentException(
          "spark.speculation is on, and there is no ledger to tell two copies of a writer apart; set spark.speculation ="
              + " false, or keep a ledger");
    }
    SinkConfig sent = config;
    StructType rows = schema;
    return (DataWriterFactory) (partition, task) -> new SinkWriter(sent, rows, partition);
  }

  private static String speculation() {
    return SparkSession.active().sparkContext().getConf().get("spark.speculation", "false");
  }

  @Override
  public boolean useCommitCoordinator() {
    // Batches are committed as they come; there is nothing left to coordinate.
    return false;
  }

  @Override
  public void commit(WriterCommitMessage[] messages) {
    WriteCounts total = WriteCounts.NONE;
    List<SinkWriter.Written> ranges = new ArrayList<>();
    for (WriterCommitMessage message : messages) {
      if (message instanceof SinkWriter.Written written) {
        total = total.plus(written.counts());
        if (written.first() != null) {
          ranges.add(written);
        }
      }
    }
    refuseOverlap(ranges);
    done.accept(total);
  }

  private static void refuseOverlap(List<SinkWriter.Written> ranges) {
    ranges.sort(Comparator.comparing(SinkWriter.Written::first));
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i - 1).last().compareTo(ranges.get(i).first()) >= 0) {
        throw new IllegalStateException(
            "two partitions overlap: one ends with key "
                + ranges.get(i - 1).last()
                + ", another begins with "
                + ranges.get(i).first()
                + "; with distribution = none the input must be split into disjoint ranges of the key");
      }
    }
  }

  @Override
  public void abort(WriterCommitMessage[] messages) {
    // Each batch is whole or absent already, and a rerun writes what is missing.
  }
}
