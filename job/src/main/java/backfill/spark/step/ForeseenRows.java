package backfill.spark.step;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;

import backfill.plan.Never;
import backfill.postgres.catalog.Column;
import backfill.postgres.write.SetColumn;
import backfill.postgres.write.WritePart;
import backfill.spark.query.NamedRows;
import backfill.spark.query.SparkTypes;
import backfill.spark.read.SnapshotReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The rows that a step would add, set or remove, as the plan's checks read them: each value as if
 * it were read from the target.
 */
public final class ForeseenRows {
  private ForeseenRows() {}

  /**
   * Makes them known to the queries of a session.
   *
   * @param columns that the check needs; null where the target is still to be made
   * @param run null for a step that does not run
   */
  public static void makeKnown(
      SparkSession session,
      Never.Relation relation,
      StepRun run,
      List<Column> columns,
      SnapshotReader reader) {
    Dataset<Row> rows = columns == null ? likeThose(run, relation) : none(session, columns);
    if (run != null && count(run, relation) > 0) {
      Dataset<Row> given = run.told().rows(part(run, relation).orElseThrow());
      rows =
          rows.union(columns == null ? given : read(given, run, columns, reader, relation.name()));
    }
    // Beside no rows of the session's own they are the session's.
    NamedRows.name(session.createDataFrame(List.of(), rows.schema()).union(rows), relation.name());
  }

  private static Dataset<Row> none(SparkSession session, List<Column> columns) {
    StructType schema = new StructType();
    for (Column column : columns) {
      schema = schema.add(column.name(), SparkTypes.of(column));
    }
    return session.createDataFrame(List.of(), schema);
  }

  private static Dataset<Row> likeThose(StepRun run, Never.Relation relation) {
    return run.told().rows(part(run, relation).orElseGet(() -> run.parts().get(0))).limit(0);
  }

  private static long count(StepRun run, Never.Relation relation) {
    return part(run, relation)
        .map(part -> run.told().counts().toWrite(part.operation()))
        .orElse(0L);
  }

  private static Optional<WritePart> part(StepRun run, Never.Relation relation) {
    return run.parts().stream()
        .filter(
            part ->
                relation.rows()
                    == switch (part.operation()) {
                      case INSERT_MISSING, INSERT_AND_NAME -> Never.Rows.ADDED;
                      case COMPARE_AND_SET -> Never.Rows.SET;
                      case COMPARE_AND_DELETE -> Never.Rows.REMOVED;
                    })
        .findFirst();
  }

  private static Dataset<Row> read(
      Dataset<Row> given, StepRun run, List<Column> columns, SnapshotReader reader, String what) {
    List<String> rows = List.of(given.columns());
    List<SetColumn> alike =
        run.target().setAlike().stream()
            .filter(set -> !rows.contains(set.name()))
            .filter(set -> columns.stream().anyMatch(column -> column.name().equals(set.name())))
            .toList();
    if (alike.isEmpty()) {
      return ofRows(given, run, columns, reader, what);
    }
    List<String> set = alike.stream().map(SetColumn::name).toList();
    return ofRows(
            given,
            run,
            columns.stream().filter(column -> !set.contains(column.name())).toList(),
            reader,
            what)
        .crossJoin(
            reader
                .stored(texts(given.sparkSession(), alike), run.target().table().showing(columns))
                .orFailed(set, what))
        .select(cells(columns.stream().map(Column::name).toList()));
  }

  /** What all rows have alike is asked once. */
  private static Dataset<Row> texts(SparkSession session, List<SetColumn> alike) {
    StructType schema = new StructType();
    for (SetColumn set : alike) {
      schema = schema.add(set.name(), DataTypes.StringType);
    }
    return session.createDataFrame(
        List.of(RowFactory.create(alike.stream().map(SetColumn::text).toArray())), schema);
  }

  /** What Spark's own casts cannot change without a loss is asked of the server. */
  private static Dataset<Row> ofRows(
      Dataset<Row> given, StepRun run, List<Column> columns, SnapshotReader reader, String what) {
    List<String> names = columns.stream().map(Column::name).toList();
    Dataset<Row> rows = given.select(cells(names));
    StructField[] fields = rows.schema().fields();
    boolean fits = true;
    for (int i = 0; i < fields.length; i++) {
      fits &= fits(fields[i].dataType(), columns.get(i));
    }
    if (!fits) {
      return reader.stored(rows, run.target().table().showing(columns)).orFailed(names, what);
    }
    return rows.select(
        Stream.of(fields)
            .map(field -> cell(field.name()).cast(typeOf(field, columns)).as(field.name()))
            .toArray(org.apache.spark.sql.Column[]::new));
  }

  private static boolean fits(DataType given, Column column) {
    DataType wanted = SparkTypes.of(column);
    return given instanceof NullType
        || given.equals(wanted) && column.form() != Column.Form.FINITE
        || given instanceof IntegralType && wanted instanceof IntegralType;
  }

  /** A number that is out of the column's range the server will reject: it stays what it is. */
  private static DataType typeOf(StructField field, List<Column> columns) {
    DataType wanted =
        columns.stream()
            .filter(column -> column.name().equals(field.name()))
            .map(SparkTypes::of)
            .findFirst()
            .orElseThrow();
    return wanted.defaultSize() < field.dataType().defaultSize() && wanted instanceof IntegralType
        ? field.dataType()
        : wanted;
  }
}
