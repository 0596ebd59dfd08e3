package backfill.spark.engine;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.util.LongAccumulator;

/**
 * Rows that Spark keeps as they are. Of rows that it keeps by columns it compiles a class for each
 * list of types before the first one can be read again, and where they are few that takes longer
 * than all that is done with them.
 */
final class FewRows extends InternalRows {
  private final LongAccumulator bytes;
  private final JavaRDD<InternalRow> kept;

  /** These rows, kept from their first use on. */
  FewRows(Dataset<Row> rows, KeptInSpark kept) {
    super(rows.sparkSession(), rows.schema());
    bytes = rows.sparkSession().sparkContext().longAccumulator();
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

  /** Those that some rows are, or null where they are no such. */
  static FewRows of(Dataset<Row> rows) {
    return rows.queryExecution().analyzed() instanceof LogicalRelation relation
            && relation.relation() instanceof FewRows few
        ? few
        : null;
  }

  @Override
  protected JavaRDD<InternalRow> elements() {
    return kept;
  }

  /** What came, or Spark's own guess before anything did: by it a join is planned. */
  @Override
  public long sizeInBytes() {
    return bytes.isZero() ? super.sizeInBytes() : bytes.value();
  }
}
