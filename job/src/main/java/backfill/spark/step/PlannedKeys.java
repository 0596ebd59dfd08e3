package backfill.spark.step;

import backfill.spark.query.Cells;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** The keys of the rows that a step would delete, or set, brought to the driver as texts. */
public final class PlannedKeys {
  /** Keys that are brought at most. */
  static final int MOST = 1_000_000;

  private static final Set<DataType> PLAIN =
      Set.of(
          DataTypes.ShortType,
          DataTypes.IntegerType,
          DataTypes.LongType,
          DataTypes.StringType,
          DataTypes.BooleanType);

  private PlannedKeys() {}

  /**
   * Those to delete: an array of texts for each column of the key. Empty where there are too many,
   * or where a column's values have another text in PostgreSQL.
   */
  public static Optional<List<String[]>> toDelete(StepRun run) {
    DiffRowsets changes = run.changes();
    return of(run, changes.deletes(), changes.counts().toDelete());
  }

  /** The keys of the rows to set. */
  public static Optional<List<String[]>> toSet(StepRun run) {
    DiffRowsets changes = run.changes();
    return of(run, changes.updates(), changes.counts().toUpdate());
  }

  private static Optional<List<String[]>> of(StepRun run, Dataset<Row> changed, Long count) {
    if (changed == null || count > MOST) {
      return Optional.empty();
    }
    Dataset<Row> keys = changed.select(Cells.cells(run.step().key()));
    if (!Arrays.stream(keys.schema().fields()).allMatch(f -> PLAIN.contains(f.dataType()))) {
      return Optional.empty();
    }
    List<Row> rows = keys.collectAsList();
    List<String[]> columns = new ArrayList<>();
    for (int column = 0; column < run.step().key().size(); column++) {
      String[] texts = new String[rows.size()];
      for (int row = 0; row < texts.length; row++) {
        Object value = rows.get(row).get(column);
        texts[row] = value == null ? null : value.toString();
      }
      columns.add(texts);
    }
    return Optional.of(columns);
  }
}
