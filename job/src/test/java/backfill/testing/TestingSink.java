package backfill.testing;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/** Writes DataFrames into a test's database by the connector, and reads what it counted. */
public final class TestingSink {
  private TestingSink() {}

  /** Writes the rows, into table t unless the options say another. */
  public static void save(
      TestingDatabase database, Dataset<Row> rows, Map<String, String> options) {
    rows.write()
        .format("backfill")
        .option("url", database.url())
        .option("user", database.user())
        .option("password", database.password())
        .option("dbtable", "t")
        .options(options)
        .save();
  }

  /** The rows of a query of Spark's. */
  public static void save(TestingDatabase database, String query, Map<String, String> options) {
    save(database, TestingSpark.session().sql(query), options);
  }

  /** The counts that are not 0, as in {@code rows=3 inserted=2}, in the order of the view. */
  public static String counted(String view) {
    return counted(TestingSpark.session(), view);
  }

  /** The same of a session's own view: rows of a streaming query have a session of theirs. */
  public static String counted(SparkSession session, String view) {
    Row row = session.table(view).first();
    StringBuilder counted = new StringBuilder();
    for (String name : row.schema().fieldNames()) {
      Object value = row.getAs(name);
      if (value instanceof Long count && count != 0 || Boolean.FALSE.equals(value)) {
        counted.append(counted.isEmpty() ? "" : " ").append(name).append('=').append(value);
      }
    }
    return counted.toString();
  }

  /** The rejections of a view, each as key|reason|state|constraint, in order. */
  public static List<String> rejections(String view) {
    List<Row> rows =
        CollectionConverters.asJava(TestingSpark.session().table(view).first().getSeq(9));
    return rows.stream()
        .map(
            row ->
                String.join(",", row.<String>getList(0))
                    + "|"
                    + row.getString(1)
                    + "|"
                    + row.getString(2)
                    + "|"
                    + row.getString(3))
        .sorted()
        .toList();
  }
}
