package backfill.spark;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The connector {@code df.write.format("backfill").mode("append")}: adds the rows of any DataFrame
 * to a PostgreSQL table and ignores those whose key is there. {@link SinkOptions} lists its
 * options.
 */
public final class BackfillSource implements TableProvider, DataSourceRegister {
  static final String NAME = "backfill";

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
    return new SinkTable(schema);
  }
}
