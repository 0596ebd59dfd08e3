package backfill.postgres;

import java.util.ArrayList;
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

  List<TargetColumn> columns() {
    return columns;
  }

  /** The key of one row, as texts. */
  List<String> key(WriteTarget target, int row) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    return target.key().stream()
        .map(name -> String.valueOf(values.get(names.indexOf(name)).get(row)))
        .toList();
  }

  Object[] array(int column) {
    return values.get(column).toArray();
  }
}
