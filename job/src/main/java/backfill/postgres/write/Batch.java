package backfill.postgres.write;

import backfill.postgres.catalog.ServerText;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Rejection;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Rows that are written in one transaction, held by column until it is committed, so that it can be
 * repeated.
 */
public final class Batch {
  /** What a value that is no integer takes beside its text, about. */
  private static final int BYTES_OF_AN_OBJECT = 56;

  private final List<TargetColumn> columns;
  private final List<Values> values;
  private final List<Rejection> rejected = new ArrayList<>();
  private long bytes;

  /**
   * @param columns of a row, in order; a name may stand twice (the new value and the expected one)
   */
  Batch(List<TargetColumn> columns) {
    this(columns, columns.stream().map(column -> new Values(column.isInteger())).toList());
  }

  private Batch(List<TargetColumn> columns, List<Values> values) {
    this.columns = List.copyOf(columns);
    this.values = values;
  }

  /** Adds the value of one column of the row being built; every row gives each column once. */
  public void add(int column, Object value) {
    Object element = columns.get(column).element(value);
    values.get(column).add(element);
    bytes += element instanceof String text ? BYTES_OF_AN_OBJECT + text.length() : Long.BYTES;
  }

  /** Adds an integer to a column, without an object for it. */
  public void add(int column, long value) {
    values.get(column).add(value);
    bytes += Long.BYTES;
  }

  /** Adds what the column has in every row, and what takes no more memory for it. */
  public void addAlike(int column, Object value) {
    values.get(column).add(value);
    bytes += Long.BYTES;
  }

  /** Names a row that no statement can carry as it is: it is counted, and never sent. */
  public void reject(Rejection rejection) {
    rejected.add(rejection);
  }

  /** How many rows it holds that can be sent. */
  public int size() {
    return values.get(0).size();
  }

  /** How many rows it was given, those that cannot be sent among them. */
  public int rows() {
    return size() + rejected.size();
  }

  /** The rows that cannot be sent. */
  List<Rejection> rejected() {
    return rejected;
  }

  /** How much memory its rows take, about. */
  public long bytes() {
    return bytes;
  }

  /** Empties it for the rows after a commit. */
  public void clear() {
    values.forEach(Values::clear);
    rejected.clear();
    bytes = 0;
  }

  /** The rows from one place to before another. */
  Batch part(int from, int to) {
    return new Batch(columns, values.stream().map(column -> column.part(from, to)).toList());
  }

  /** A copy without the rows at these places. */
  Batch without(BitSet places) {
    return new Batch(columns, values.stream().map(column -> column.without(places)).toList());
  }

  List<TargetColumn> columns() {
    return columns;
  }

  Values values(int column) {
    return values.get(column);
  }

  /** The key of one row, as the server writes it. */
  List<String> key(WriteTarget target, int row) {
    return texts(target, target.key(), row);
  }

  /** The row's new values of these columns, as the server writes them. */
  List<String> texts(WriteTarget target, List<String> columnNames, int row) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    return columnNames.stream()
        .map(names::indexOf)
        .map(column -> ServerText.of(columns.get(column).type(), values.get(column).get(row)))
        .toList();
  }

  /** Whether a row has no value here. */
  boolean hasNull(int column) {
    return values.get(column).hasNull();
  }
}
