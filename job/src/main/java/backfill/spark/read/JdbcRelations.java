package backfill.spark.read;

import java.lang.reflect.Constructor;
import org.apache.spark.Partition;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCOptions;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCRelation;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map$;

/**
 * Makes a relation of Spark's JDBC source. Since 4.1 its constructor has a place for metrics, and
 * class files name a constructor whole: which one there is, is asked at run time.
 */
final class JdbcRelations {
  private static final int PARAMETERS_OF_4_0 = 4;

  private JdbcRelations() {}

  static JDBCRelation of(
      StructType schema, Partition[] partitions, JDBCOptions options, SparkSession spark) {
    Constructor<?> constructor = JDBCRelation.class.getConstructors()[0];
    try {
      return (JDBCRelation)
          (constructor.getParameterCount() == PARAMETERS_OF_4_0
              ? constructor.newInstance(schema, partitions, options, spark)
              : constructor.newInstance(schema, partitions, options, Map$.MODULE$.empty(), spark));
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "Spark " + spark.version() + " makes its JDBC relations differently; expected 4.0 to 4.3",
          e);
    }
  }
}
