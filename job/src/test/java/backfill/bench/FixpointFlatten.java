package backfill.bench;

import java.util.Properties;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Closes nested groups by Spark's join, iterated until it finds no more, and flattens their grants,
 * once; the rows are in memory before the clock runs. Prints what {@link FlattenRound} says. A main
 * class, which the job's launcher starts.
 */
public final class FixpointFlatten {
  private FixpointFlatten() {}

  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    spark
        .conf()
        .set(
            "spark.sql.shuffle.partitions",
            Integer.toString(4 * spark.sparkContext().defaultParallelism()));
    Dataset<Row> nestings = held(spark, "nesting");
    Dataset<Row> members = held(spark, "membership");
    Dataset<Row> grants = held(spark, "granted");
    FlattenRound.print(() -> pairs(nestings, members, grants));
    spark.stop();
  }

  private static Dataset<Row> held(SparkSession spark, String table) {
    Properties login = new Properties();
    login.setProperty("user", System.getenv("BACKFILL_USER"));
    login.setProperty("password", System.getenv("BACKFILL_PASSWORD"));
    login.setProperty("fetchsize", "10000");
    Dataset<Row> rows =
        spark
            .read()
            .jdbc(System.getenv("BACKFILL_URL"), table, login)
            .repartition(4 * spark.sparkContext().defaultParallelism())
            .persist(StorageLevel.MEMORY_AND_DISK());
    rows.count();
    return rows;
  }

  private static long pairs(Dataset<Row> nestings, Dataset<Row> members, Dataset<Row> grants) {
    return below(nestings, grants)
        .join(members, "group_id")
        .selectExpr("top_id", "user_id")
        .distinct()
        .join(grants.selectExpr("object_id", "group_id AS top_id"), "top_id")
        .select("object_id", "user_id")
        .distinct()
        .count();
  }

  /**
   * Each granted group with every group that is nested in it, and itself. Without a checkpoint each
   * round would plan all rounds before it once more.
   */
  private static Dataset<Row> below(Dataset<Row> nestings, Dataset<Row> grants) {
    Dataset<Row> found =
        grants.selectExpr("group_id AS top_id", "group_id").distinct().localCheckpoint();
    Dataset<Row> all = found;
    while (!found.isEmpty()) {
      found =
          found
              .join(nestings.withColumnRenamed("parent_id", "group_id"), "group_id")
              .selectExpr("top_id", "child_id AS group_id")
              .distinct()
              .join(all, new String[] {"top_id", "group_id"}, "left_anti")
              .localCheckpoint();
      all = all.union(found).localCheckpoint();
    }
    return all;
  }
}
