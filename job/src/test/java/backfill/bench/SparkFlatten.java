package backfill.bench;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Flattens DefectDojo's grants by Spark's join and distinct, twice; they are in memory before the
 * clock runs. Prints what {@link FlattenRound} says. A main class, which the job's launcher starts.
 */
public final class SparkFlatten {
  private SparkFlatten() {}

  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    spark
        .conf()
        .set(
            "spark.sql.shuffle.partitions",
            Integer.toString(4 * spark.sparkContext().defaultParallelism()));
    Map<String, Dataset<Row>> held = new HashMap<>();
    for (String table :
        new String[] {
          "dojo_product_member",
          "dojo_product_group",
          "dojo_product_type_member",
          "dojo_product_type_group",
          "dojo_dojo_group_member"
        }) {
      Dataset<Row> rows = SparkJdbcPeer.read(spark, table).persist(StorageLevel.MEMORY_AND_DISK());
      rows.count();
      held.put(table, rows);
    }
    for (int round = 1; round <= FlattenRound.ROUNDS; round++) {
      FlattenRound.print(
          () ->
              FlattenedPairs.of(spark, "product", (any, table) -> held.get(table)).count()
                  + FlattenedPairs.of(spark, "product_type", (any, table) -> held.get(table))
                      .count());
    }
    spark.stop();
  }
}
