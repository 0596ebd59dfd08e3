package backfill.spark.sink;

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

  /**
   * @param awaited whether the write names a {@link Sink}
   */
  SinkTable(StructType schema, boolean awaited) {
    this.schema = schema;
    this.awaited = awaited;
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
