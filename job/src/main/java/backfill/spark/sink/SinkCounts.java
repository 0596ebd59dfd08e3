package backfill.spark.sink;

import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
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

  private static final StructType COUNTS =
      new StructType()
          .add("rows", DataTypes.LongType, false)
          .add("inserted", DataTypes.LongType, false)
          .add("present", DataTypes.LongType, false)
          .add("repeated", DataTypes.LongType, false)
          .add("rejected", DataTypes.LongType, false)
          .add("exact", DataTypes.BooleanType, false)
          .add("rejections", new ArrayType(REJECTION, false), false);

  private SinkCounts() {}

  /** Makes the view, or makes it anew. */
  static void publish(SparkSession session, String view, SinkOutcome outcome) {
    WriteCounts counts = outcome.counts();
    Row row =
        RowFactory.create(
            counts.rows() + outcome.repeated(),
            counts.changed(),
            counts.left(),
            outcome.repeated(),
            counts.rejected(),
            counts.exact(),
            counts.rejections().stream().map(SinkCounts::row).toArray());
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
