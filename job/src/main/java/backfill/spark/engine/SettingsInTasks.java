package backfill.spark.engine;

import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.SQLExecution;

/**
 * Has a session's settings in the tasks of jobs over its rows. Spark itself tells them only to
 * tasks of a query that it runs as one; of rows that are taken as elements, those of what is
 * broadcast for them have Spark's own defaults.
 */
public final class SettingsInTasks {
  private SettingsInTasks() {}

  /** Begins jobs, which have the settings of a session as they are now. */
  public static <T> T of(SparkSession session, Supplier<T> begun) {
    return SQLExecution.withSQLConfPropagated(
        (org.apache.spark.sql.classic.SparkSession) session, begun::get);
  }

  /** The elements that rows are, once what is broadcast for them is on its way. */
  public static JavaRDD<InternalRow> elements(Dataset<Row> rows) {
    return of(rows.sparkSession(), () -> rows.queryExecution().toRdd()).toJavaRDD();
  }
}
