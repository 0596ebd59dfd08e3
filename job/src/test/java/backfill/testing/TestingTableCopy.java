package backfill.testing;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark application of another's, which reads a table by the connector, joined with itself, and
 * writes it as two batches of a stream, each of them twice. It says which executors read, and what
 * was counted.
 */
public final class TestingTableCopy {
  private static final String IS_DRIVER = "driver";

  private TestingTableCopy() {}

  /**
   * @param arguments the table to read, of columns object_id and user_id, and that to write
   */
  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark = SparkSession.builder().appName("another").getOrCreate()) {
      Dataset<Row> rows =
          spark
              .read()
              .format("backfill")
              .option("dbtable", arguments[0])
              .option("partitions", 8)
              .load();
      boolean onDriver =
          rows.mapPartitions(
                  (MapPartitionsFunction<Row, Boolean>)
                      partition ->
                          List.of(IS_DRIVER.equals(SparkEnv.get().executorId())).iterator(),
                  Encoders.BOOLEAN())
              .collectAsList()
              .contains(true);
      System.err.println("read on the driver: " + onDriver);
      Dataset<Row> joined =
          rows.as("a").join(rows.as("b"), "object_id").where("b.user_id >= a.user_id");
      System.err.println("joined " + joined.count());
      for (int batch : new int[] {0, 0, 1, 1}) {
        rows.where("object_id % 2 = " + batch)
            .repartition(4)
            .write()
            .format("backfill")
            .options(Map.of("dbtable", arguments[1], "stream", "copied", "counts", "done"))
            .option("batch", batch)
            .mode("append")
            .save();
        Row counted = spark.table("done").first();
        System.err.println("batch " + batch + " inserted " + counted.getAs("inserted"));
      }
      rows.write()
          .format("backfill")
          .options(Map.of("dbtable", arguments[1], "counts", "done"))
          .mode("append")
          .save();
      System.err.println("present " + spark.table("done").first().getAs("present"));
    }
  }
}
