package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.postgres.ledger.Rejection;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What one write did, as a temporary view of one row: any language of Spark's can read that, on a
 * driver that is elsewhere, too.
 */
final class SinkCounts {
  private static final StructType REJECTION =
      new StructType()
          .add("key", new ArrayType(DataTypes.StringType, true), false)
          .add("reason", DataTypes.StringType, false)
          .add("sqlstate", DataTypes.StringType)
          .add("constraint", DataTypes.StringType);

  private static final StructType COUNTS = counts();

  private SinkCounts() {}

  private static StructType counts() {
    StructType counts = new StructType();
    for (String name :
        List.of(
            "rows",
            "inserted",
            "updated",
            "unchanged",
            "present",
            "absent",
            "repeated",
            "rejected")) {
      counts = counts.add(name, DataTypes.LongType, false);
    }
    return counts
        .add("exact", DataTypes.BooleanType, false)
        .add("rejections", new ArrayType(REJECTION, false), false);
  }

  /** Makes the view, or makes it anew. */
  static void publish(
      SparkSession session,
      String view,
      ModeCounts counts,
      boolean exact,
      List<Rejection> rejections) {
    Row row =
        RowFactory.create(
            counts.rows(),
            counts.inserted(),
            counts.updated(),
            counts.unchanged(),
            counts.present(),
            counts.absent(),
            counts.repeated(),
            counts.rejected(),
            exact,
            rejections.stream().map(SinkCounts::row).toArray());
    session.createDataFrame(List.of(row), COUNTS).createOrReplaceTempView(view);
  }

  private static Row row(Rejection rejection) {
    return RowFactory.create(
        rejection.key().toArray(),
        rejection.reason(),
        rejection.sqlState(),
        rejection.constraint());
  }
}
