package backfill.spark.query;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.LocalTempView$;
import org.apache.spark.sql.catalyst.analysis.SchemaUnsupported$;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.command.CreateViewCommand;
import scala.Option;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;

/**
 * Makes rows known to the queries of their session under a name, as Spark's own temporary views
 * are. Spark itself optimizes, plans and describes a command for each of them, which before a
 * session has warmed up takes longer than most queries over few rows.
 */
public final class NamedRows {
  private NamedRows() {}

  /** Instead of those that had the name before. */
  public static void name(Dataset<Row> rows, String name) {
    SparkSession session = (SparkSession) rows.sparkSession();
    CreateViewCommand view =
        new CreateViewCommand(
            new TableIdentifier(name),
            none(),
            Option.empty(),
            Option.empty(),
            Map$.MODULE$.empty(),
            Option.empty(),
            rows.queryExecution().analyzed(),
            false,
            true,
            LocalTempView$.MODULE$,
            SchemaUnsupported$.MODULE$,
            true,
            none());
    session.withActive(() -> view.run(session));
  }

  @SuppressWarnings("unchecked")
  private static <T> Seq<T> none() {
    return (Seq<T>) Nil$.MODULE$;
  }
}
