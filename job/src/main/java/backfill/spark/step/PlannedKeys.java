package backfill.spark.step;

import backfill.spark.query.Cells;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
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
    ToldDiff told = run.told();
    return of(run, told.changes().deletes(), told.counts().toDelete());
  }

  /** The keys of the rows to set. */
  public static Optional<List<String[]>> toSet(StepRun run) {
    ToldDiff told = run.told();
    return of(run, told.changes().updates(), told.counts().toUpdate());
  }

  /**
   * Rows of keys as the server writes them; empty where a column's values have another text there.
   */
  public static Optional<List<List<String>>> texts(Dataset<Row> keys) {
    return arePlain(keys)
        ? Optional.of(
            keys.collectAsList().stream()
                .map(
                    row ->
                        IntStream.range(0, row.length())
                            .mapToObj(column -> text(row.get(column)))
                            .toList())
                .toList())
        : Optional.empty();
  }

  private static boolean arePlain(Dataset<Row> keys) {
    return Arrays.stream(keys.schema().fields()).allMatch(f -> PLAIN.contains(f.dataType()));
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  private static Optional<List<String[]>> of(StepRun run, Dataset<Row> changed, Long count) {
    if (changed == null || count > MOST) {
      return Optional.empty();
    }
    Dataset<Row> keys = changed.select(Cells.cells(run.step().key()));
    if (!arePlain(keys)) {
      return Optional.empty();
    }
    List<Row> rows = keys.collectAsList();
    List<String[]> columns = new ArrayList<>();
    for (int column = 0; column < run.step().key().size(); column++) {
      String[] texts = new String[rows.size()];
      for (int row = 0; row < texts.length; row++) {
        texts[row] = text(rows.get(row).get(column));
      }
      columns.add(texts);
    }
    return Optional.of(columns);
  }
}
