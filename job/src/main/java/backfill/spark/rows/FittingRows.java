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
import backfill.spark.engine.KeptInSpark;
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
  private Long unfitRows;

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
   * Evaluated once, at the first use.
   *
   * @param table the target, its values in texts
   */
  static FittingRows of(
      Step.Rows step,
      MatchKey key,
      Table table,
      Given given,
      SnapshotReader reader,
      KeptInSpark kept) {
    Dataset<Row> query = given.rows();
    List<String> outputs = List.of(query.columns());
    if (table.isPending()) {
      // What it would make of a value is not known; as long as it has no rows, none differs.
      return new FittingRows(step, key, kept.keep(query), outputs, false);
    }
    Dataset<Row> rows = Canonical.local(query, table);
    boolean asked = !key.loose().isEmpty() || Canonical.needsServer(rows, table, given.types());
    return new FittingRows(
        step,
        key,
        kept.keep(asked ? reader.stored(rows, table).orRefused(key) : rows),
        outputs,
        asked);
  }

  /** Those that can be written, and beside their own columns those that equal keys share. */
  Dataset<Row> rows() {
    return all.where(not(unfit))
        .select(cells(Stream.concat(outputs.stream(), key.added().stream()).toList()));
  }

  /** How many cannot. */
  long unfit() {
    if (unfitRows == null) {
      unfitRows = all.where(unfit).count();
    }
    return unfitRows;
  }

  /** Why, for the first of them. */
  List<Rejection> rejections() {
    if (unfit() == 0) {
      return List.of();
    }
    Column names =
        array(step.key().stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    return all
        .where(unfit)
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

  /** Two rows for one key would be two answers to what the target should have. */
  void refuseTwice() {
    Dataset<Row> twice = rows().groupBy(cells(key.shared())).count().where(col("count").gt(1));
    List<Row> first = twice.limit(1).collectAsList();
    if (!first.isEmpty()) {
      throw new UnfitRowsException(
          "step "
              + step.name()
              + ": the query gives "
              + first.get(0).getLong(step.key().size())
              + " rows for the key "
              + first.get(0).toSeq().take(step.key().size()).mkString("(", ", ", ")")
              + "; make it one row for each "
              + String.join(", ", step.key()));
    }
  }
}
