package backfill.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * What one would write with Spark alone for DefectDojo's pairs: a join and a distinct, Spark's own
 * JDBC writer into a staging table, which takes no conflict into account, and from there one
 * statement for each target that does. A main class, which the job's launcher starts.
 */
public final class SparkJdbcPeer {
  private static final String STAGING = "bench_staging";
  private static final int PARTITIONS = 4;

  private SparkJdbcPeer() {}

  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = SparkSession.builder().getOrCreate()) {
      spark
          .conf()
          .set(
              "spark.sql.shuffle.partitions",
              Integer.toString(2 * spark.sparkContext().defaultParallelism()));
      for (String object : new String[] {"product", "product_type"}) {
        FlattenedPairs.of(spark, object, SparkJdbcPeer::read)
            .repartition(2)
            .write()
            .mode(SaveMode.Overwrite)
            .option("batchsize", 10_000)
            .jdbc(
                url() + (url().contains("?") ? "&" : "?") + "reWriteBatchedInserts=true",
                STAGING,
                login());
        move(object);
      }
    }
  }

  /** All rows of a table that has numbers for its key. */
  static Dataset<Row> read(SparkSession spark, String table) {
    Map<String, String> options =
        Map.of(
            "url", url(),
            "dbtable", table,
            "user", login().getProperty("user"),
            "password", login().getProperty("password"),
            "fetchsize", "10000");
    Row ends =
        spark
            .read()
            .format("jdbc")
            .options(options)
            .option("dbtable", "(SELECT min(id) AS first, max(id) AS last FROM " + table + ") ends")
            .load()
            .first();
    return spark
        .read()
        .format("jdbc")
        .options(options)
        .option("partitionColumn", "id")
        .option("lowerBound", ends.isNullAt(0) ? "0" : ends.get(0).toString())
        .option("upperBound", ends.isNullAt(1) ? "1" : ends.get(1).toString())
        .option("numPartitions", PARTITIONS)
        .load();
  }

  private static void move(String object) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(), login());
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO dojo_%1$s_authorized_users (%1$s_id, dojo_user_id)
          SELECT %1$s_id, user_id FROM %2$s ORDER BY 1, 2 ON CONFLICT DO NOTHING
          """
              .formatted(object, STAGING));
      statement.execute("DROP TABLE " + STAGING);
    }
  }

  private static String url() {
    return System.getenv("BACKFILL_URL");
  }

  private static Properties login() {
    Properties login = new Properties();
    login.setProperty("user", System.getenv("BACKFILL_USER"));
    login.setProperty("password", System.getenv("BACKFILL_PASSWORD"));
    return login;
  }
}
