package backfill.spark.sink;

import backfill.postgres.server.DatasetName;
import backfill.postgres.write.WriteTarget;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.StructType;

/**
 * A target as Spark's planner sees it: rows can be appended where a {@link Sink} waits for them,
 * and its columns are checked by us, by name.
 */
final class SinkTable implements SupportsWrite {
  private final StructType schema;
  private final boolean awaited;
  private final Map<String, String> properties;

  /**
   * @param awaited the one that the write names, if it names one
   */
  SinkTable(StructType schema, Optional<Sink> awaited) {
    this.schema = schema;
    this.awaited = awaited.isPresent();
    this.properties = awaited.map(SinkTable::lineage).orElse(Map.of());
  }

  /** By these OpenLineage's listener for Spark knows any connector's tables. */
  private static Map<String, String> lineage(Sink sink) {
    WriteTarget.Where where = sink.config().target().where();
    DatasetName dataset = DatasetName.of(where.database(), where.table());
    return Map.of(
        "openlineage.dataset.namespace", dataset.namespace(),
        "openlineage.dataset.name", dataset.name());
  }

  @Override
  public Map<String, String> properties() {
    return properties;
  }

  @Override
  public String name() {
    return "a PostgreSQL table";
  }

  @Override
  @Deprecated // In favour of columns(), whose default calls this.
  public StructType schema() {
    return schema;
  }

  @Override
  public Set<TableCapability> capabilities() {
    return awaited
        ? Set.of(TableCapability.BATCH_WRITE, TableCapability.ACCEPT_ANY_SCHEMA)
        : Set.of();
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    return new WriteBuilder() {
      @Override
      public SinkWrite build() {
        return new SinkWrite(Sink.handedOver(info.options().get(Sink.JOB)), info.schema());
      }
    };
  }
}
