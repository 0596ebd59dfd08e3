package backfill.spark;

import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.SupportsTruncate;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.StructType;

/**
 * A target as Spark's planner sees it: rows can be appended, and its columns are checked by us, by
 * name.
 */
final class SinkTable implements SupportsWrite {
  private final StructType schema;

  SinkTable(StructType schema) {
    this.schema = schema;
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
    return Set.of(
        TableCapability.BATCH_WRITE, TableCapability.TRUNCATE, TableCapability.ACCEPT_ANY_SCHEMA);
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    return new Appending(info);
  }

  /** Takes {@code overwrite} only to refuse it in our own words. */
  private record Appending(LogicalWriteInfo info) implements SupportsTruncate {
    @Override
    public Write build() {
      String job = info.options().get(Sink.JOB);
      return job == null
          ? SinkWrite.of(SinkOptions.resolve(info.options(), info.schema()), info.schema())
          : SinkWrite.of(Sink.pending(job), info.schema());
    }

    @Override
    public WriteBuilder truncate() {
      throw new UnsupportedOperationException(
          "format \"backfill\" never removes a row, so mode overwrite is refused; use mode append");
    }
  }
}
