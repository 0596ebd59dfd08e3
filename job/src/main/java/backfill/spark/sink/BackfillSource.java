package backfill.spark.sink;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.CreatableRelationProvider;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The connector {@code df.write.format("backfill")}: adds the rows of any DataFrame to a PostgreSQL
 * table and ignores those whose key is there. {@link SinkOptions} lists its options.
 *
 * <p>Spark hands a write of anybody's to {@link #createRelation}, in whatever mode, because the
 * table of {@link #getTable} takes none; that one writes by way of the job's own table, which does.
 */
public final class BackfillSource
    implements TableProvider, CreatableRelationProvider, DataSourceRegister {
  static final String NAME = Sink.FORMAT;

  @Override
  public String shortName() {
    return NAME;
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    throw new UnsupportedOperationException(
        "format \"backfill\" only writes; read tables with format \"jdbc\"");
  }

  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    boolean job = new CaseInsensitiveStringMap(properties).containsKey(Sink.JOB);
    if (!job) {
      // Here and not later, where Spark's own words for some types name no column.
      SinkLoad.refuseUnwritable(schema, partitioning);
    }
    return new SinkTable(schema, job);
  }

  @Override
  public BaseRelation createRelation(
      SQLContext context,
      SaveMode mode,
      scala.collection.immutable.Map<String, String> options,
      Dataset<Row> rows) {
    SinkLoad.run(mode, new CaseInsensitiveStringMap(CollectionConverters.asJava(options)), rows);
    return new Written(context, rows.schema());
  }

  /** What Spark asks for after a write, and nothing reads. */
  private static final class Written extends BaseRelation {
    private final SQLContext context;
    private final StructType schema;

    Written(SQLContext context, StructType schema) {
      this.context = context;
      this.schema = schema;
    }

    @Override
    public SQLContext sqlContext() {
      return context;
    }

    @Override
    public StructType schema() {
      return schema;
    }
  }
}
