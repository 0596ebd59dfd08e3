package backfill.spark.engine;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.TableScan;
import org.apache.spark.sql.types.StructType;

/** Elements that are Spark's own rows already, as a table that queries read: none is converted. */
public abstract class InternalRows extends BaseRelation implements TableScan {
  private final SparkSession session;
  private final StructType schema;

  /** Of rows with these columns. */
  protected InternalRows(SparkSession session, StructType schema) {
    this.session = session;
    this.schema = schema;
  }

  /** The elements; asked for by each query. */
  protected abstract JavaRDD<InternalRow> elements();

  /** The same as queries take them. */
  public final Dataset<Row> rows() {
    return session.baseRelationToDataFrame(this);
  }

  @Override
  public final SQLContext sqlContext() {
    return session.sqlContext();
  }

  @Override
  public final StructType schema() {
    return schema;
  }

  @Override
  public final boolean needConversion() {
    return false;
  }

  @Override
  @SuppressWarnings("unchecked")
  public final RDD<Row> buildScan() {
    RDD<?> scan = elements().rdd();
    return (RDD<Row>) scan;
  }
}
