package backfill.spark.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;

/**
 * Uses Spark as a run does, on rows of its own, so that the classes which a run needs are loaded
 * once: the launcher's archive of loaded classes is made of what this loads. It changes nothing and
 * proves nothing.
 */
public final class Training {
  private static final int USERS = 1_000;

  private Training() {}

  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark = SparkSession.builder().appName("backfill training").getOrCreate()) {
      System.err.println("rows seen: " + rehearse(spark));
    }
  }

  /**
   * Grants to groups flattened into pairs, then compared with what is there: the shape of every
   * run.
   */
  static long rehearse(SparkSession spark) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    LongAccumulator seen = spark.sparkContext().longAccumulator("seen");
    Broadcast<Map<Long, Long>> groups = context.broadcast(Map.of(0L, 1L, 1L, 2L, 2L, 3L));

    Dataset<Row> grants =
        spark
            .range(USERS)
            .selectExpr("id % 97 AS object", "id % 3 AS team", "cast(id AS string) AS name");
    grants.createOrReplaceTempView("grants");
    Dataset<Row> kept =
        grants
            .repartitionByRange(4, new Column("object"))
            .sortWithinPartitions("object", "team")
            .persist(StorageLevel.MEMORY_AND_DISK());
    kept.count();

    long pairs =
        kept.select("object", "team")
            .mapPartitions(
                (MapPartitionsFunction<Row, Long>)
                    rows -> {
                      List<Long> users = new ArrayList<>();
                      rows.forEachRemaining(
                          row -> {
                            seen.add(1);
                            users.add(row.getLong(0) * 10 + groups.value().get(row.getLong(1)));
                          });
                      return users.iterator();
                    },
                Encoders.LONG())
            .distinct()
            .count();
    query(spark);
    // A step's lambda also runs for its effect alone, as a writing task does.
    kept.foreachPartition(
        (ForeachPartitionFunction<Row>) rows -> rows.forEachRemaining(row -> seen.add(1)));
    kept.unpersist(true);
    return pairs + seen.value();
  }

  /** The constructs that the shipped plans' queries are made of. */
  private static void query(SparkSession spark) {
    Dataset<Row> answer =
        spark.sql(
            """
            WITH holder AS (
              SELECT g.object, g.name FROM grants g WHERE g.name IS NOT NULL
              UNION ALL
              SELECT g.object, o.name FROM grants g JOIN grants o ON o.object = g.team)
            SELECT object AS holding, count(*) AS rows, bool_or(name = '1') AS owner, max(name) IN ('1', '2') AS staff,
                   coalesce(min(name), '') AS least
            FROM holder GROUP BY object ORDER BY object""");
    answer.toJSON().collectAsList();
    answer
        .join(
            spark.table("grants"), new Column("holding").equalTo(new Column("object")), "left_anti")
        .agg(functions.count("*"))
        .collectAsList();
  }
}
