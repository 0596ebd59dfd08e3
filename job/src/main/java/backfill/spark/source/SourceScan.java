package backfill.spark.source;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.CtidRanges;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import backfill.spark.query.InfiniteTimes;
import backfill.spark.query.SparkTypes;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * One scan of a query: a statement for each ctid range, all in one snapshot. Planning it asks the
 * server nothing; the snapshot is taken when Spark begins to execute.
 */
final class SourceScan implements Scan, Batch {
  private final Asked asked;
  private final SourceOptions options;
  private final SharedSnapshot snapshot;
  private final ReadPartitions read = new ReadPartitions();
  private List<RangePartition> partitions;

  /**
   * What a query asks.
   *
   * @param table with the columns that it needs, in its order
   * @param conditions that the server evaluates
   */
  record Asked(Table table, List<String> conditions) {
    /** The conditions for people: as one would write them. */
    String inWords() {
      return conditions.stream()
          .map(
              sql ->
                  sql.replaceAll("OPERATOR\\(pg_catalog\\.([<>=]+)\\)", "$1")
                      .replaceAll("'::pg_catalog\\.\\w+", "'"))
          .collect(Collectors.joining(", ", "[", "]"));
    }
  }

  SourceScan(Asked asked, SourceOptions options, SharedSnapshot snapshot) {
    this.asked = asked;
    this.options = options;
    this.snapshot = snapshot;
  }

  @Override
  public StructType readSchema() {
    return new StructType(
        asked.table().columns().stream()
            .map(column -> field(column, SparkTypes.of(column)))
            .toArray(StructField[]::new));
  }

  private static StructField field(Column column, DataType type) {
    return new StructField(column.name(), type, true, InfiniteTimes.of(column));
  }

  @Override
  public String description() {
    return "PushedFilters: %s, ctid ranges: %d".formatted(asked.inWords(), conditions().size());
  }

  /** Else Spark would plan its partitions to learn that. */
  @Override
  public ColumnarSupportMode columnarSupportMode() {
    return ColumnarSupportMode.UNSUPPORTED;
  }

  @Override
  public Batch toBatch() {
    return this;
  }

  private List<String> conditions() {
    return CtidRanges.of(asked.table(), options.partitions());
  }

  @Override
  public synchronized InputPartition[] planInputPartitions() {
    if (partitions == null) {
      List<String> ranges = conditions();
      partitions =
          IntStream.range(0, ranges.size())
              .mapToObj(place -> new RangePartition(this, place, statement(ranges.get(place))))
              .toList();
      read.expect(ranges.size());
    }
    return partitions.toArray(InputPartition[]::new);
  }

  private String statement(String range) {
    String selected =
        asked.table().columns().stream()
            .map(column -> SparkTypes.selected(column) + " AS " + TableName.quote(column.name()))
            .collect(Collectors.joining(", "));
    return "SELECT "
        // Of rows that are only counted.
        + (selected.isEmpty() ? "NULL" : selected)
        + " FROM "
        + asked.table().name().quoted()
        + " WHERE "
        + range
        + asked.conditions().stream()
            .map(condition -> " AND " + condition)
            .collect(Collectors.joining());
  }

  /** Spark is about to execute it: what fails here is told to the one who asked. */
  @Override
  public PartitionReaderFactory createReaderFactory() {
    planInputPartitions();
    snapshot
        .take(read)
        .ifPresent(taken -> partitions.forEach(partition -> partition.readIn(taken)));
    Database database = options.database();
    StructType brought =
        new StructType(
            asked.table().columns().stream()
                .map(column -> field(column, SparkTypes.brought(column)))
                .toArray(StructField[]::new));
    TableName table = asked.table().name();
    int fetchRows = options.fetchRows();
    return (PartitionReaderFactory)
        partition ->
            new RangeReader(
                new RangeReader.From(database, table.toString(), brought, fetchRows),
                (RangePartition) partition);
  }

  /** A task for a partition is about to begin. */
  HeldSnapshot.Import begin(int partition) {
    return snapshot.begin(read, partition);
  }

  /** Scans that ask the same of one load read the same: Spark then reads once for both. */
  @Override
  public boolean equals(Object other) {
    return other instanceof SourceScan scan
        && scan.snapshot == snapshot
        && scan.asked.conditions().equals(asked.conditions())
        && scan.asked.table().columns().equals(asked.table().columns());
  }

  @Override
  public int hashCode() {
    return Objects.hash(System.identityHashCode(snapshot), asked.conditions());
  }
}
