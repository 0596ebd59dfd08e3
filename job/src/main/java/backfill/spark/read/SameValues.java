package backfill.spark.read;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.Database;
import backfill.postgres.write.StoredValues;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Decides whether two values of a row are the same where their texts do not say it: {@code 1.0} and
 * {@code 1} in a {@code jsonb}, {@code 1 mon} and {@code 30 days}. The server is asked on the
 * executors that have the rows, some thousands at a time, and only for texts that differ.
 */
public final class SameValues {
  private static final int ROWS_PER_QUESTION = 10_000;

  private final Database database;
  private final String applicationName;
  private final List<String> compared;
  private final List<Column> loose;

  private SameValues(
      Database database, String applicationName, List<String> compared, List<Column> loose) {
    this.database = database;
    this.applicationName = applicationName;
    this.compared = List.copyOf(compared);
    this.loose = loose;
  }

  /**
   * @param compared columns of the table whose values are compared
   */
  static SameValues of(
      Database database, String applicationName, Table table, List<String> compared) {
    return new SameValues(
        database,
        applicationName,
        compared,
        compared.stream()
            .flatMap(name -> table.column(name).stream())
            .filter(column -> !ValueGroup.hasOneForm(column))
            .toList());
  }

  /** The columns that decide whether a row is set. */
  public List<String> compared() {
    return compared;
  }

  /** Whether the server is asked of some of them. */
  public boolean asks() {
    return !loose.isEmpty();
  }

  /**
   * The rows, in which a value that is the same as the expected one is written like it.
   *
   * @param expected prefixes the name of the column that has the expected value
   */
  public Dataset<Row> settled(Dataset<Row> rows, String expected) {
    if (loose.isEmpty()) {
      return rows;
    }
    List<String> names = List.of(rows.columns());
    DataType[] types =
        Stream.of(rows.schema().fields()).map(StructField::dataType).toArray(DataType[]::new);
    Asking asking =
        new Asking(
            database,
            applicationName,
            StoredValues.comparing(loose),
            types,
            loose.stream().mapToInt(column -> names.indexOf(column.name())).toArray(),
            loose.stream().mapToInt(column -> names.indexOf(expected + column.name())).toArray());
    return ((org.apache.spark.sql.classic.SparkSession) rows.sparkSession())
        .internalCreateDataFrame(
            Derived.ofPartitions(SettingsInTasks.elements(rows), asking::settled).rdd(),
            rows.schema(),
            false);
  }

  /** Runs on executors. */
  private record Asking(
      Database database,
      String applicationName,
      String sql,
      DataType[] types,
      int[] given,
      int[] expected)
      implements Serializable {

    Iterator<InternalRow> settled(Iterator<InternalRow> rows) {
      return new Iterator<>() {
        private Iterator<InternalRow> some = List.<InternalRow>of().iterator();

        @Override
        public boolean hasNext() {
          if (!some.hasNext() && rows.hasNext()) {
            some = settledSome(rows).iterator();
          }
          return some.hasNext();
        }

        @Override
        public InternalRow next() {
          return some.next();
        }
      };
    }

    private List<InternalRow> settledSome(Iterator<InternalRow> rows) {
      List<InternalRow> some = new ArrayList<>();
      List<Integer> places = new ArrayList<>();
      while (rows.hasNext() && some.size() < ROWS_PER_QUESTION) {
        InternalRow row = rows.next().copy();
        if (IntStream.range(0, given.length).anyMatch(i -> differs(row, i))) {
          places.add(some.size());
        }
        some.add(row);
      }
      if (!places.isEmpty()) {
        settle(some, places);
      }
      return some;
    }

    /** Of a row that is on one side only there is nothing to compare. */
    private boolean differs(InternalRow row, int i) {
      return !row.isNullAt(given[i])
          && !row.isNullAt(expected[i])
          && !text(row, given[i]).equals(text(row, expected[i]));
    }

    private static UTF8String text(InternalRow row, int cell) {
      return row.isNullAt(cell) ? null : row.getUTF8String(cell);
    }

    private void settle(List<InternalRow> rows, List<Integer> places) {
      List<String[]> pairs =
          places.stream()
              .map(
                  place ->
                      IntStream.range(0, 2 * given.length)
                          .mapToObj(
                              i ->
                                  Objects.toString(
                                      text(
                                          rows.get(place),
                                          i % 2 == 0 ? given[i / 2] : expected[i / 2]),
                                      null))
                          .toArray(String[]::new))
              .toList();
      try (StoredValues values = new StoredValues(database, applicationName, sql)) {
        values
            .ask(pairs)
            .rows()
            .forEach(
                (at, same) -> {
                  int place = places.get(at);
                  rows.set(place, written(rows.get(place), same));
                });
      } catch (SQLException e) {
        throw new PairsOfTable.PairsReadException(sql, e);
      }
    }

    private InternalRow written(InternalRow row, Object[] same) {
      Object[] cells =
          IntStream.range(0, types.length)
              .mapToObj(i -> row.isNullAt(i) ? null : row.get(i, types[i]))
              .toArray();
      for (int i = 0; i < given.length; i++) {
        if (Boolean.TRUE.equals(same[i])) {
          cells[given[i]] = cells[expected[i]];
        }
      }
      return new GenericInternalRow(cells);
    }
  }
}
