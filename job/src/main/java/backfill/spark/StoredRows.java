package backfill.spark;

import static backfill.spark.Cells.cell;
import static backfill.spark.Cells.cells;

import backfill.postgres.Batch;
import backfill.postgres.Database;
import backfill.postgres.StoredValues;
import backfill.postgres.Table;
import backfill.postgres.TableName;
import backfill.postgres.TargetColumn;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StructType;

/**
 * Rows as they would look in a table, by the server's own word; asked on the executors that have
 * the rows, some thousands at a time.
 */
final class StoredRows {
  /** Why the server takes a value of the row for none of its column's type; else NULL. */
  static final String REFUSED = "row refused";

  /** The row's key as it was given, as texts. */
  static final String GIVEN_KEY = "row key";

  private static final int ROWS_PER_QUESTION = 10_000;

  private final Database database;
  private final String applicationName;
  private final Dataset<Row> rows;
  private final Table table;

  StoredRows(Database database, String applicationName, Dataset<Row> rows, Table table) {
    this.database = database;
    this.applicationName = applicationName;
    this.rows = rows;
    this.table = table;
  }

  /** What the statement is made of. */
  private record Question(
      Database database,
      String applicationName,
      TableName table,
      List<TargetColumn> columns,
      Map<String, String> constants,
      List<String> selected,
      String where)
      implements Serializable {
    StoredValues open() throws SQLException {
      return new StoredValues(
          database, applicationName, table, columns, constants, selected, where);
    }
  }

  /**
   * The same columns, {@link #REFUSED} and {@link #GIVEN_KEY}; a row that is refused has NULLs in
   * the others.
   */
  Dataset<Row> orRefused(List<String> key) {
    return answered(List.of(rows.columns()), Map.of(), null, key);
  }

  /**
   * These columns of the rows for which a condition holds; rows that are refused are left out.
   *
   * @param constants column to an SQL expression, for columns that the rows do not have
   * @param where PostgreSQL, or null
   * @throws SQLException if the server cannot be asked so
   */
  Dataset<Row> where(List<String> names, Map<String, String> constants, String where)
      throws SQLException {
    try (StoredValues probe = question(names, constants, where).open()) {
      probe.probe();
    }
    return answered(names, constants, where, List.of()).select(cells(names));
  }

  private Question question(List<String> names, Map<String, String> constants, String where) {
    return new Question(
        database,
        applicationName,
        table.name(),
        Stream.of(rows.columns()).map(name -> new TargetColumn(name, typeOf(name))).toList(),
        new LinkedHashMap<>(constants),
        new ArrayList<>(
            names.stream()
                .map(name -> SparkTypes.selected(table.column(name).orElseThrow()))
                .toList()),
        where);
  }

  /** With the bounds of a number or a time, to which the server rounds; a text it would cut. */
  private String typeOf(String name) {
    backfill.postgres.Column column = table.column(name).orElseThrow();
    boolean rounds = column.castType().equals("numeric") || column.castType().startsWith("time");
    return rounds && !isDomain(column) ? column.type() : column.castType();
  }

  private static boolean isDomain(backfill.postgres.Column column) {
    return !column.type().startsWith(column.castType().substring(0, 4));
  }

  /**
   * @param key what names a row that is refused; without it such a row is left out
   */
  private Dataset<Row> answered(
      List<String> names, Map<String, String> constants, String where, List<String> key) {
    StructType brought = new StructType();
    for (String name : names) {
      brought = brought.add(name, SparkTypes.brought(table.column(name).orElseThrow()));
    }
    brought =
        brought
            .add(REFUSED, DataTypes.StringType)
            .add(GIVEN_KEY, DataTypes.createArrayType(DataTypes.StringType));
    List<String> given = List.of(rows.columns());
    Asking asking =
        new Asking(
            question(names, constants, where),
            rows.schema(),
            brought,
            key.stream().mapToInt(given::indexOf).toArray());
    Column[] values =
        Stream.concat(
                names.stream().map(name -> SparkTypes.value(table.column(name).orElseThrow())),
                Stream.of(cell(REFUSED), cell(GIVEN_KEY)))
            .toArray(Column[]::new);
    return rows.sparkSession()
        .createDataFrame(rows.queryExecution().toRdd().toJavaRDD().mapPartitions(asking), brought)
        .select(values);
  }

  /** Runs on executors. */
  private record Asking(Question question, StructType given, StructType brought, int[] keyCells)
      implements FlatMapFunction<Iterator<InternalRow>, Row> {
    @Override
    public Iterator<Row> call(Iterator<InternalRow> rows) throws SQLException {
      List<Row> answers = new ArrayList<>();
      if (rows.hasNext()) {
        CellReader[] cells =
            Stream.of(given.fields()).map(CellReader::of).toArray(CellReader[]::new);
        try (StoredValues values = question.open()) {
          while (rows.hasNext()) {
            Batch batch = values.newBatch();
            List<String[]> keys = new ArrayList<>();
            while (rows.hasNext() && keys.size() < ROWS_PER_QUESTION) {
              keys.add(add(batch, rows.next(), cells));
            }
            collect(values.ask(batch), keys, answers);
          }
        }
      }
      return answers.iterator();
    }

    private String[] add(Batch batch, InternalRow row, CellReader[] cells) {
      for (int i = 0; i < cells.length; i++) {
        batch.add(i, cells[i].read(row, i));
      }
      return IntStream.of(keyCells)
          .mapToObj(cell -> cells[cell].read(row, cell))
          .map(value -> value == null ? null : value.toString())
          .toArray(String[]::new);
    }

    private void collect(StoredValues.Answer answer, List<String[]> keys, List<Row> rows) {
      for (int place = 0; place < keys.size(); place++) {
        Object[] values = answer.rows().get(place);
        String refused = answer.refused().get(place);
        if (values != null) {
          Object[] row = Arrays.copyOf(values, brought.length());
          for (int i = 0; i < values.length; i++) {
            row[i] = fitting(values[i], brought.fields()[i].dataType());
          }
          rows.add(RowFactory.create(row));
        } else if (refused != null && keyCells.length > 0) {
          Object[] row = new Object[brought.length()];
          row[row.length - 2] = refused;
          row[row.length - 1] = keys.get(place);
          rows.add(RowFactory.create(row));
        }
      }
    }

    /** The driver gives an int4 for an int2. */
    private static Object fitting(Object value, DataType type) {
      return value instanceof Integer number && type instanceof ShortType
          ? (Object) number.shortValue()
          : value;
    }
  }
}
