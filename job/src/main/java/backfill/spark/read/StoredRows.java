package backfill.spark.read;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Column.Form;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.write.StoredValues;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.query.CellReader;
import backfill.spark.query.SparkTypes;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapFunction;
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
public final class StoredRows {
  /** Why the server takes a value of the row for none of its column's type; else NULL. */
  public static final String REFUSED = "row refused";

  /** The row's key as it was given, as texts. */
  public static final String GIVEN_KEY = "row key";

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

  /** What is asked; the statement travels as a text, because a column does not. */
  private record Question(Database database, String applicationName, String sql)
      implements Serializable {
    StoredValues open() throws SQLException {
      return new StoredValues(database, applicationName, sql);
    }
  }

  /**
   * The same columns, those that equal keys share, {@link #REFUSED} and {@link #GIVEN_KEY}; a row
   * that is refused has NULLs in the others.
   */
  public Dataset<Row> orRefused(MatchKey key) {
    List<Column> columns = new ArrayList<>(columns(List.of(rows.columns())));
    for (String name : key.columns()) {
      if (key.loose().contains(name)) {
        columns.add(column(name).in(Form.KEY).called(key.shared(name)));
      }
    }
    List<String> selected = new ArrayList<>();
    for (Column column : columns) {
      selected.add(
          SparkTypes.selected(
              column.form() == Form.KEY ? column.called(original(key, column.name())) : column));
    }
    return answered(columns, question(Map.of(), selected, null), key.columns());
  }

  private static String original(MatchKey key, String shared) {
    return key.columns().stream()
        .filter(name -> key.shared(name).equals(shared))
        .findFirst()
        .orElseThrow();
  }

  /**
   * These columns of the rows for which a condition holds; rows that are refused are left out.
   *
   * @param constants column to an SQL expression, for columns that the rows do not have
   * @param where PostgreSQL, or null
   * @throws SQLException if the server cannot be asked so
   */
  public Dataset<Row> where(List<String> names, Map<String, String> constants, String where)
      throws SQLException {
    List<Column> columns = columns(names);
    Question question =
        question(constants, columns.stream().map(SparkTypes::selected).toList(), where);
    try (StoredValues probe = question.open()) {
      probe.probe();
    }
    return answered(columns, question, List.of()).select(cells(names));
  }

  /**
   * These columns of the rows, in the table's forms.
   *
   * @param what they are called where a value cannot be read so, which ends what asks for it
   */
  public Dataset<Row> orFailed(List<String> names, String what) {
    List<Column> columns = columns(names);
    Question question =
        question(Map.of(), columns.stream().map(SparkTypes::selected).toList(), null);
    return answered(columns, question, List.of(), what).select(cells(names));
  }

  private Question question(Map<String, String> constants, List<String> selected, String where) {
    return new Question(
        database,
        applicationName,
        StoredValues.asking(
            table.name(), columns(List.of(rows.columns())), constants, selected, where));
  }

  private List<Column> columns(List<String> names) {
    return names.stream().map(this::column).toList();
  }

  private Column column(String name) {
    return table.column(name).orElseThrow();
  }

  /**
   * @param key what names a row that is refused; without it such a row is left out
   */
  private Dataset<Row> answered(List<Column> columns, Question question, List<String> key) {
    return answered(columns, question, key, null);
  }

  private Dataset<Row> answered(
      List<Column> columns, Question question, List<String> key, String failing) {
    StructType brought = new StructType();
    for (Column column : columns) {
      brought = brought.add(column.name(), SparkTypes.brought(column));
    }
    brought =
        brought
            .add(REFUSED, DataTypes.StringType)
            .add(GIVEN_KEY, DataTypes.createArrayType(DataTypes.StringType));
    List<String> given = List.of(rows.columns());
    Asking asking =
        new Asking(
            question,
            rows.schema(),
            brought,
            key.stream().mapToInt(given::indexOf).toArray(),
            failing);
    org.apache.spark.sql.Column[] values =
        Stream.concat(
                columns.stream().map(SparkTypes::value), Stream.of(cell(REFUSED), cell(GIVEN_KEY)))
            .toArray(org.apache.spark.sql.Column[]::new);
    return rows.sparkSession()
        .createDataFrame(Derived.ofPartitions(SettingsInTasks.elements(rows), asking), brought)
        .select(values);
  }

  /** Runs on executors. */
  private record Asking(
      Question question, StructType given, StructType brought, int[] keyCells, String failing)
      implements FlatMapFunction<Iterator<InternalRow>, Row> {
    @Override
    public Iterator<Row> call(Iterator<InternalRow> rows) throws SQLException {
      List<Row> answers = new ArrayList<>();
      if (rows.hasNext()) {
        CellReader[] cells =
            Stream.of(given.fields()).map(CellReader::of).toArray(CellReader[]::new);
        try (StoredValues values = question.open()) {
          while (rows.hasNext()) {
            List<String[]> some = new ArrayList<>();
            while (rows.hasNext() && some.size() < ROWS_PER_QUESTION) {
              some.add(texts(rows.next(), cells));
            }
            collect(values.ask(some), some, answers);
          }
        }
      }
      return answers.iterator();
    }

    private static String[] texts(InternalRow row, CellReader[] cells) {
      return IntStream.range(0, cells.length)
          .mapToObj(i -> Objects.toString(cells[i].read(row, i), null))
          .toArray(String[]::new);
    }

    private void collect(StoredValues.Answer answer, List<String[]> given, List<Row> rows) {
      for (int place = 0; place < given.size(); place++) {
        Object[] values = answer.rows().get(place);
        String refused = answer.refused().get(place);
        if (values != null) {
          Object[] row = Arrays.copyOf(values, brought.length());
          for (int i = 0; i < values.length; i++) {
            row[i] = fitting(values[i], brought.fields()[i].dataType());
          }
          rows.add(RowFactory.create(row));
        } else if (refused != null && failing != null) {
          throw new UnfitRowsException(failing + ": " + refused);
        } else if (refused != null && keyCells.length > 0) {
          Object[] row = new Object[brought.length()];
          row[row.length - 2] = refused;
          String[] texts = given.get(place);
          row[row.length - 1] =
              IntStream.of(keyCells).mapToObj(cell -> texts[cell]).toArray(String[]::new);
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
