package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static backfill.spark.query.Cells.not;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.preflight.GivenType;
import backfill.spark.read.Canonical;
import backfill.spark.read.MatchKey;
import backfill.spark.read.SnapshotReader;
import backfill.spark.read.StoredRows;
import backfill.spark.read.UnfitRowsException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The rows that a step's query gives, with values as the target would show them, and apart those
 * that no statement can write.
 */
final class FittingRows {
  private final Step.Rows step;
  private final Dataset<Row> all;
  private final Column unfit;
  private final MatchKey key;
  private final List<String> outputs;
  private final boolean asked;

  private FittingRows(
      Step.Rows step, MatchKey key, Dataset<Row> all, List<String> outputs, boolean asked) {
    this.step = step;
    this.key = key;
    this.all = all;
    this.outputs = outputs;
    this.asked = asked;
    Column unfindable = key.unfindable();
    this.unfit = asked ? unfindable.or(cell(StoredRows.REFUSED).isNotNull()) : unfindable;
  }

  /**
   * What the step's query gives.
   *
   * @param types column to type, as preflight has it
   */
  record Given(Dataset<Row> rows, Map<String, GivenType> types) {}

  /**
   * Evaluated at each use.
   *
   * @param table the target, its values in texts
   */
  static FittingRows of(
      Step.Rows step, MatchKey key, Table table, Given given, SnapshotReader reader) {
    Dataset<Row> query = given.rows();
    List<String> outputs = List.of(query.columns());
    if (table.isPending()) {
      // What it would make of a value is not known; as long as it has no rows, none differs.
      return new FittingRows(step, key, query, outputs, false);
    }
    Dataset<Row> rows = Canonical.local(query, table);
    boolean asked = !key.loose().isEmpty() || Canonical.needsServer(rows, table, given.types());
    return new FittingRows(
        step, key, asked ? reader.stored(rows, table).orRefused(key) : rows, outputs, asked);
  }

  /** All of them, and beside their own columns those that equal keys share. */
  Dataset<Row> all() {
    return all;
  }

  /** Whether one of {@link #all} cannot be written. */
  Column isUnfit() {
    return unfit;
  }

  /** The columns of {@link #all} that say why not, besides the query's. */
  List<String> reasons() {
    return asked ? List.of(StoredRows.REFUSED, StoredRows.GIVEN_KEY) : List.of();
  }

  /** Those that can be written. */
  Dataset<Row> rows() {
    return all.where(not(unfit)).select(cells(columns()));
  }

  /** The query's columns, and those that equal keys share. */
  List<String> columns() {
    return Stream.concat(outputs.stream(), key.added().stream()).toList();
  }

  /**
   * Why rows cannot be written, for the first of them.
   *
   * @param rows those that cannot
   */
  List<Rejection> rejections(Dataset<Row> rows) {
    Column names =
        array(step.key().stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    return rows
        .select(
            asked ? coalesce(cell(StoredRows.GIVEN_KEY), names) : names,
            asked ? cell(StoredRows.REFUSED) : lit(null).cast("string"))
        .limit(WriteCounts.REJECTIONS_KEPT)
        .collectAsList()
        .stream()
        .map(FittingRows::rejection)
        .toList();
  }

  private static Rejection rejection(Row row) {
    List<String> key = row.<String>getList(0).stream().map(String::valueOf).toList();
    return row.isNullAt(1) ? Rejection.nullKey(key) : Rejection.unfit(row.getString(1), key);
  }

  /** What is wrong where the query gives two rows for one key. */
  UnfitRowsException twice() {
    Row first =
        rows()
            .groupBy(cells(key.shared()))
            .count()
            .where(col("count").gt(1))
            .limit(1)
            .collectAsList()
            .get(0);
    return new UnfitRowsException(
        "step "
            + step.name()
            + ": the query gives "
            + first.getLong(step.key().size())
            + " rows for the key "
            + first.toSeq().take(step.key().size()).mkString("(", ", ", ")")
            + "; make it one row for each "
            + String.join(", ", step.key()));
  }
}
