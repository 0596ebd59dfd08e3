package backfill.spark.read;

import backfill.postgres.catalog.Table;
import backfill.spark.engine.Derived;
import backfill.spark.engine.InternalRows;
import backfill.spark.query.PairColumnNames;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.ShortType;

/**
 * What was read as pairs of integers, for queries that ask for the same two columns: a table of
 * memberships is read once, by any step that needs it, and without a row of Spark's for each of its
 * own.
 */
final class PairsAsRelation extends InternalRows {
  /** Of a row in Spark's own format: its nulls, and eight bytes for each value. */
  private static final long ROW_BYTES = 24;

  private final JavaRDD<ReadPairs> pairs;
  private final long rows;

  /**
   * @param pairs the table's rows, each of them, kept by Spark
   * @param rows how many these are
   */
  PairsAsRelation(
      SparkSession session,
      Table table,
      PairColumnNames columns,
      JavaRDD<ReadPairs> pairs,
      long rows) {
    super(session, TableScan.schema(TableScan.columns(table, columns.all())));
    this.pairs = pairs;
    this.rows = rows;
  }

  @Override
  public long sizeInBytes() {
    return rows * ROW_BYTES;
  }

  @Override
  protected JavaRDD<InternalRow> elements() {
    DataType key = schema().fields()[0].dataType();
    DataType member = schema().fields()[1].dataType();
    return Derived.several(
        pairs,
        some -> {
          long[] keys = some.keys().numbers(null);
          long[] members = some.members().numbers(null);
          return IntStream.range(0, keys.length)
              .mapToObj(i -> row(value(keys[i], key), value(members[i], member)))
              .iterator();
        });
  }

  private static InternalRow row(Object... values) {
    return new GenericInternalRow(values);
  }

  private static Object value(long number, DataType type) {
    if (type instanceof IntegerType) {
      return (int) number;
    }
    return type instanceof ShortType ? (Object) (short) number : (Object) number;
  }
}
