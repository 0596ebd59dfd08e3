package backfill.spark.read;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.KeyShape;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.query.Cells;
import backfill.spark.query.PairColumnNames;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/** Packs the columns of two keys of Spark's own rows, and that of a level, into arrays. */
final class PairsOfRows implements Iterator<ReadPairs> {
  private final Iterator<InternalRow> rows;
  private final TypePair types;

  private PairsOfRows(Iterator<InternalRow> rows, TypePair types) {
    this.rows = rows;
    this.types = types;
  }

  /** Some columns of the rows, as keys and levels of these types. */
  static JavaRDD<ReadPairs> of(Dataset<Row> rows, PairColumnNames columns, TypePair types) {
    List<Column> selected = new ArrayList<>();
    select("key", columns.key(), types.key(), selected);
    select("member", columns.member(), types.member(), selected);
    if (columns.level() != null) {
      String cast = types.level() == KeyType.INTEGER ? "long" : "string";
      selected.add(Cells.cell(columns.level()).cast(cast).as("level"));
    }
    return Derived.ofPartitions(
        SettingsInTasks.elements(rows.select(selected.toArray(Column[]::new))),
        partition -> new PairsOfRows(partition, types));
  }

  private static void select(
      String as, List<String> columns, KeyShape shape, List<Column> selected) {
    for (int i = 0; i < columns.size(); i++) {
      String cast = KeyCells.cast(shape.types().get(i));
      selected.add(Cells.cell(columns.get(i)).cast(cast).as(as + i));
    }
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public ReadPairs next() {
    KeyCells keys = KeyCells.of(types.key());
    KeyCells members = KeyCells.of(types.member());
    LevelNumbers.LevelCells levels = LevelNumbers.LevelCells.of(types.level());
    int firstOfMember = types.key().types().size();
    int columns = firstOfMember + types.member().types().size();
    int size = 0;
    int seen = 0;
    while (seen < ReadPairs.SIZE && rows.hasNext()) {
      InternalRow row = rows.next();
      seen++;
      if (isWhole(row, columns)) {
        keys.take(row, 0, size);
        members.take(row, firstOfMember, size);
        if (levels != null) {
          levels.take(row, columns, size);
        }
        size++;
      }
    }
    return new ReadPairs(
        keys.column(size), members.column(size), levels == null ? null : levels.column(size), seen);
  }

  private static boolean isWhole(InternalRow row, int columns) {
    for (int column = 0; column < columns; column++) {
      if (row.isNullAt(column)) {
        return false;
      }
    }
    return true;
  }
}
