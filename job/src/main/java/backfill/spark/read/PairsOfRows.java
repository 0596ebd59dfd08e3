package backfill.spark.read;

import backfill.spark.query.Cells;
import backfill.spark.query.PairColumnNames;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/** Packs two columns of Spark's own rows into arrays. */
final class PairsOfRows implements Iterator<ReadPairs> {
  private final Iterator<InternalRow> rows;
  private final TypePair types;

  private PairsOfRows(Iterator<InternalRow> rows, TypePair types) {
    this.rows = rows;
    this.types = types;
  }

  /** Two columns of the rows, as keys of these types. */
  static JavaRDD<ReadPairs> of(Dataset<Row> rows, PairColumnNames columns, TypePair types) {
    return rows.select(
            Cells.cell(columns.key()).cast(KeyCells.cast(types.key())).as("key"),
            Cells.cell(columns.member()).cast(KeyCells.cast(types.member())).as("member"))
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(partition -> new PairsOfRows(partition, types));
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public ReadPairs next() {
    KeyCells keys = KeyCells.of(types.key());
    KeyCells members = KeyCells.of(types.member());
    int size = 0;
    int seen = 0;
    while (seen < ReadPairs.SIZE && rows.hasNext()) {
      InternalRow row = rows.next();
      seen++;
      if (!row.isNullAt(0) && !row.isNullAt(1)) {
        keys.take(row, 0, size);
        members.take(row, 1, size);
        size++;
      }
    }
    return new ReadPairs(keys.column(size), members.column(size), seen);
  }
}
