package backfill.spark.engine;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.TableScan;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Rows that Spark keeps as they are. Of rows that it keeps by columns it compiles a class for each
 * list of types before the first one can be read again, and where they are few that takes longer
 * than all that is done with them.
 */
final class FewRows extends BaseRelation implements TableScan {
  private final SparkSession session;
  private final StructType schema;
  private final LongAccumulator bytes;
  private final JavaRDD<InternalRow> kept;

  /** These rows, kept from their first use on. */
  FewRows(Dataset<Row> rows, KeptInSpark kept) {
    session = rows.sparkSession();
    schema = rows.schema();
    bytes = session.sparkContext().longAccumulator();
    this.kept = kept.keep(copied(SettingsInTasks.elements(rows), bytes));
  }

  /** Spark gives each row in the place of the one before it. */
  private static JavaRDD<InternalRow> copied(JavaRDD<InternalRow> rows, LongAccumulator bytes) {
    return rows.map(
        row -> {
          if (row instanceof UnsafeRow unsafe) {
            bytes.add(unsafe.getSizeInBytes());
          }
          return row.copy();
        });
  }

  /** The same as queries take them. */
  Dataset<Row> rows() {
    return session.baseRelationToDataFrame(this);
  }

  /** Those that some rows are, or null where they are no such. */
  static FewRows of(Dataset<Row> rows) {
    return rows.queryExecution().analyzed() instanceof LogicalRelation relation
            && relation.relation() instanceof FewRows few
        ? few
        : null;
  }

  JavaRDD<InternalRow> elements() {
    return kept;
  }

  @Override
  public SQLContext sqlContext() {
    return session.sqlContext();
  }

  @Override
  public StructType schema() {
    return schema;
  }

  /** What came, or Spark's own guess before anything did: by it a join is planned. */
  @Override
  public long sizeInBytes() {
    return bytes.isZero() ? super.sizeInBytes() : bytes.value();
  }

  /** They are Spark's own rows already. */
  @Override
  public boolean needConversion() {
    return false;
  }

  @Override
  @SuppressWarnings("unchecked")
  public RDD<Row> buildScan() {
    RDD<?> scan = kept.rdd();
    return (RDD<Row>) scan;
  }
}
