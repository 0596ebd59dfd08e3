package backfill.spark.sink;

import backfill.spark.source.LoadedTable;
import backfill.spark.source.SourceException;
import java.util.Map;
import java.util.Optional;
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
import org.apache.spark.sql.sources.SchemaRelationProvider;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The connector {@code df.write.format("backfill")}: adds the rows of any DataFrame to a PostgreSQL
 * table and ignores those whose key is there. {@link SinkOptions} lists its options. What {@code
 * spark.read.format("backfill")} reads is a {@link LoadedTable}.
 *
 * <p>Spark hands a write of anybody's to {@link #createRelation}, in whatever mode, because the
 * table of {@link #getTable} takes none; that one writes by way of the job's own table, which does.
 */
public final class BackfillSource
    implements TableProvider,
        CreatableRelationProvider,
        SchemaRelationProvider,
        DataSourceRegister {
  static final String NAME = Sink.FORMAT;

  private LoadedTable source;

  @Override
  public String shortName() {
    return NAME;
  }

  /** Asked for by what reads, and by nothing that writes. */
  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    source = LoadedTable.of(options);
    return source.read();
  }

  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    if (source != null) {
      return source;
    }
    Optional<Sink> job =
        Optional.ofNullable(new CaseInsensitiveStringMap(properties).get(Sink.JOB))
            .map(Sink::handedOver);
    if (job.isEmpty()) {
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

  /** Spark comes here to read in columns that the caller names, because the table reads none. */
  @Override
  public BaseRelation createRelation(
      SQLContext context,
      scala.collection.immutable.Map<String, String> options,
      StructType schema) {
    throw new SourceException(
        "format \"backfill\" reads a table in the columns and types that it has; leave out schema, and name the columns in option columns");
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
