package backfill.bench;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The pairs of DefectDojo's grants as one would ask Spark for them: a join and a distinct. */
final class FlattenedPairs {
  private FlattenedPairs() {}

  /** Where the tables come from. */
  @FunctionalInterface
  interface Tables {
    Dataset<Row> table(SparkSession spark, String name);
  }

  /**
   * The columns {@code OBJECT_id} and {@code user_id}, each pair once.
   *
   * @param object product or product_type
   */
  static Dataset<Row> of(SparkSession spark, String object, Tables tables) {
    String id = object + "_id";
    Dataset<Row> direct = tables.table(spark, "dojo_" + object + "_member").select(id, "user_id");
    Dataset<Row> throughGroups =
        tables
            .table(spark, "dojo_" + object + "_group")
            .select(id, "group_id")
            .join(
                tables.table(spark, "dojo_dojo_group_member").select("group_id", "user_id"),
                "group_id")
            .select(id, "user_id");
    return direct.union(throughGroups).distinct();
  }
}
