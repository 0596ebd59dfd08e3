package backfill.spark.sink;

import backfill.spark.engine.WrittenRowsMetric;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.SparkContext;
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
  private static final String SPECULATION = "true";

  private final Sink sink;
  private final SinkConfig config;
  private final StructType schema;
  private SparkContext context;

  SinkWrite(Sink sink, StructType schema) {
    this.sink = sink;
    this.config = sink.config();
    this.schema = schema;
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
        ? Arrays.stream(config.keyPlaces())
            .mapToObj(place -> quoted(schema.fieldNames()[place]))
            .map(name -> Expressions.sort(Expressions.column(name), SortDirection.ASCENDING))
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
    return config.alone() ? WriteMetrics.all() : new CustomMetric[] {new WrittenRowsMetric()};
  }

  @Override
  public DataWriterFactory createBatchWriterFactory(PhysicalWriteInfo info) {
    oneWriter()
        .filter(why -> info.numPartitions() > 1)
        .ifPresent(
            why -> {
              throw new IllegalArgumentException(
                  "the input has %d partitions, and %s; coalesce the input to one, or leave distribution at range"
                      .formatted(info.numPartitions(), why));
            });
    if (config.writers() > 0 && info.numPartitions() > config.writers()) {
      throw new IllegalArgumentException(
          "the input has "
              + info.numPartitions()
              + " partitions and writers is "
              + config.writers()
              + ": with distribution = none each partition has a connection; coalesce the input, raise writers, or"
              + " leave distribution at range");
    }
    context = SparkSession.active().sparkContext();
    if (config.slot() == null
        && config.stream() == null
        && SPECULATION.equalsIgnoreCase(context.getConf().get("spark.speculation", "false"))) {
      throw new IllegalArgumentException(
          "spark.speculation is on, and there is no ledger to tell two copies of a writer apart; set spark.speculation ="
              + " false"
              + (config.alone() ? "" : ", or keep a ledger"));
    }
    SinkConfig sent = config;
    StructType rows = schema;
    return (DataWriterFactory)
        (partition, task) ->
            sent.alone()
                ? new LoneWriter(sent, rows, partition)
                : new SinkWriter(sent, rows, partition);
  }

  /** Why all rows must come to one writer. */
  private Optional<String> oneWriter() {
    if (config.stream() != null) {
      return Optional.of("a batch of a stream is written in one transaction");
    }
    return config.target().conflict().twins()
        ? Optional.of(
            "keys of which the server may take two that differ for one are written by one writer")
        : Optional.empty();
  }

  @Override
  public boolean useCommitCoordinator() {
    // Batches are committed as they come; there is nothing left to coordinate.
    return false;
  }

  @Override
  public void onDataWriterCommit(WriterCommitMessage message) {
    SinkOutcome.Written written = (SinkOutcome.Written) message;
    sink.outcome().add(written);
    if (written.stopped() != null) {
      sink.stopWriters(context);
    }
  }

  @Override
  public void commit(WriterCommitMessage[] messages) {
    sink.outcome().complete();
  }

  @Override
  public void abort(WriterCommitMessage[] messages) {
    // Each batch is whole or absent already, and a rerun writes what is missing.
  }
}
