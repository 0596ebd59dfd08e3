package backfill.spark.query;

import backfill.postgres.catalog.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Tells columns whose first and last time of all stand for PostgreSQL's infinities, as {@link
 * SparkTypes} brings them, from those of anybody's, where they are times like any other. Spark
 * takes what marks a column along wherever it is only passed on.
 */
public final class InfiniteTimes {
  private static final String MARK = "backfill.infinity";

  private InfiniteTimes() {}

  /** What goes along with a column that was read. */
  public static Metadata of(Column column) {
    return isTime(SparkTypes.of(column))
        ? new MetadataBuilder().putBoolean(MARK, true).build()
        : Metadata.empty();
  }

  private static boolean isTime(DataType type) {
    return type instanceof DateType
        || type instanceof TimestampType
        || type instanceof TimestampNTZType;
  }

  /** Whether what goes along with a column says so. */
  public static boolean in(Metadata column) {
    return column.contains(MARK);
  }
}
