package backfill.spark.source;

import backfill.spark.engine.SparkFailure;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.apache.spark.SparkContext;
import org.apache.spark.executor.InputMetrics;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.jdbc.JdbcUtils$;
import org.apache.spark.sql.jdbc.JdbcDialects;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.Iterator;

/**
 * Makes Spark's rows of those of a statement, as Spark's JDBC source does. Since 4.1 that has a
 * place for a metric, and class files name a method whole: which one there is, is asked at run
 * time.
 */
final class JdbcRows {
  private static final String NAME = "resultSetToSparkInternalRows";
  private static final int PARAMETERS_OF_4_0 = 4;

  private JdbcRows() {}

  /**
   * @param rows a statement's, as JDBC has them
   */
  @SuppressWarnings("unchecked") // The method's own type, which reflection does not know.
  static Iterator<InternalRow> of(Object rows, String url, StructType schema) {
    Method method =
        Arrays.stream(JdbcUtils$.class.getMethods())
            .filter(each -> each.getName().equals(NAME))
            .findFirst()
            .orElseThrow(JdbcRows::unknown);
    // Spark counts the rows of a partition itself.
    InputMetrics uncounted = new InputMetrics();
    try {
      return (Iterator<InternalRow>)
          (method.getParameterCount() == PARAMETERS_OF_4_0
              ? method.invoke(JdbcUtils$.MODULE$, rows, JdbcDialects.get(url), schema, uncounted)
              : method.invoke(
                  JdbcUtils$.MODULE$,
                  rows,
                  JdbcDialects.get(url),
                  schema,
                  uncounted,
                  Option.empty()));
    } catch (InvocationTargetException e) {
      throw SparkFailure.<RuntimeException>unchecked(e.getCause());
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw (IllegalStateException) unknown().initCause(e);
    }
  }

  private static IllegalStateException unknown() {
    return new IllegalStateException(
        "Spark "
            + SparkContext.getOrCreate().version()
            + " makes rows of a statement's differently; expected 4.0 to 4.2");
  }
}
