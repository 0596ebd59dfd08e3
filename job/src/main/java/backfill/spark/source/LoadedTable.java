package backfill.spark.source;

import backfill.plan.InvalidPlanException;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.NotReadyException;
import backfill.spark.query.InfiniteTimes;
import backfill.spark.query.SparkTypes;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * One {@code load()} of a table: as Spark's planner sees it, and the snapshot that all of its scans
 * share for as long as one of them reads.
 */
public final class LoadedTable implements SupportsRead {
  private final Table table;
  private final SourceOptions options;
  private final SharedSnapshot snapshot;

  private LoadedTable(Table table, SourceOptions options, SharedSnapshot snapshot) {
    this.table = table;
    this.options = options;
    this.snapshot = snapshot;
  }

  /**
   * The table that the options name.
   *
   * @throws SourceException if an option is wrong, or the table cannot be read
   */
  public static LoadedTable of(CaseInsensitiveStringMap given) {
    try {
      SourceOptions options = SourceOptions.of(given);
      Table table = options.found();
      return new LoadedTable(
          table,
          options,
          new SharedSnapshot(
              options.database(),
              table,
              options.holding(),
              OpenSnapshots.of(SparkSession.active().sparkContext())));
    } catch (InvalidPlanException e) {
      throw new SourceException(
          "option url is not given, and the environment does not say where to read: "
              + e.getMessage(),
          e);
    } catch (SourceException e) {
      throw e;
    } catch (NotReadyException | IllegalArgumentException e) {
      throw new SourceException(e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return table.name().toString();
  }

  @Override
  @Deprecated // In favour of columns(), whose default calls this.
  public StructType schema() {
    return read();
  }

  /** Its columns as Spark sees them; a NOT NULL that was never validated promises nothing. */
  public StructType read() {
    return new StructType(
        table.columns().stream()
            .map(
                column ->
                    new StructField(
                        column.name(), SparkTypes.of(column), true, InfiniteTimes.of(column)))
            .toArray(StructField[]::new));
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap given) {
    return new SourceScanBuilder(table, options, snapshot);
  }
}
