package backfill.postgres;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Rows that are written in one transaction, held by column until it is committed, so that it can be
 * repeated.
 */
public final class Batch {
  private final List<TargetColumn> columns;
  private final List<List<Object>> values;

  /**
   * @param columns of a row, in order; a name may stand twice (the new value and the expected one)
   */
  public Batch(List<TargetColumn> columns) {
    this.columns = List.copyOf(columns);
    this.values = new ArrayList<>();
    columns.forEach(column -> values.add(new ArrayList<>()));
  }

  private Batch(List<TargetColumn> columns, List<List<Object>> values) {
    this.columns = columns;
    this.values = values;
  }

  /** Adds the value of one column of the row being built; every row gives each column once. */
  public void add(int column, Object value) {
    values.get(column).add(columns.get(column).element(value));
  }

  /** How many rows it holds. */
  public int size() {
    return values.get(0).size();
  }

  /** Empties it for the rows after a commit. */
  public void clear() {
    values.forEach(List::clear);
  }

  /** A view of the rows from one place to before another; good until this is changed. */
  Batch part(int from, int to) {
    return new Batch(columns, values.stream().map(column -> column.subList(from, to)).toList());
  }

  /** A copy without the rows at these places. */
  Batch without(BitSet places) {
    List<List<Object>> rest = new ArrayList<>();
    for (List<Object> column : values) {
      List<Object> kept = new ArrayList<>();
      for (int row = places.nextClearBit(0);
          row < column.size();
          row = places.nextClearBit(row + 1)) {
        kept.add(column.get(row));
      }
      rest.add(kept);
    }
    return new Batch(columns, rest);
  }

  List<TargetColumn> columns() {
    return columns;
  }

  /** The key of one row, as texts. */
  List<String> key(WriteTarget target, int row) {
    return texts(target, target.key(), row);
  }

  /** The row's new values of these columns, as texts. */
  List<String> texts(WriteTarget target, List<String> columnNames, int row) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    return columnNames.stream()
        .map(name -> String.valueOf(values.get(names.indexOf(name)).get(row)))
        .toList();
  }

  /** Whether a row has no value here. */
  boolean hasNull(int column) {
    return values.get(column).contains(null);
  }

  Object[] array(int column) {
    return values.get(column).toArray();
  }
}
