package backfill.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** The keys of the rows that a step would delete, brought to the driver as texts. */
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
   * An array of texts for each column of the key; empty where there are too many, or where a
   * column's values have another text in PostgreSQL.
   */
  public static Optional<List<String[]>> of(StepRun run) {
    Dataset<Row> deletes = run.changes().deletes();
    if (deletes == null
        || run.changes().counts().toDelete() > MOST
        || !Arrays.stream(deletes.schema().fields()).allMatch(f -> PLAIN.contains(f.dataType()))) {
      return Optional.empty();
    }
    List<Row> rows = deletes.collectAsList();
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
