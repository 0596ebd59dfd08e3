package backfill.spark;

import static backfill.spark.Cells.anyOf;
import static backfill.spark.Cells.cell;
import static backfill.spark.Cells.cells;
import static backfill.spark.Cells.not;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.lit;

import backfill.plan.Step;
import backfill.postgres.Rejection;
import backfill.postgres.Table;
import backfill.postgres.WriteCounts;
import java.util.List;
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
  private final List<String> outputs;
  private final boolean asked;
  private Long unfitRows;

  private FittingRows(Step.Rows step, Dataset<Row> all, List<String> outputs, boolean asked) {
    this.step = step;
    this.all = all;
    this.outputs = outputs;
    this.asked = asked;
    Column nullKey = anyOf(step.key(), key -> cell(key).isNull());
    this.unfit = asked ? nullKey.or(cell(StoredRows.REFUSED).isNotNull()) : nullKey;
  }

  /** Evaluated once, when somebody first asks. */
  static FittingRows of(
      Step.Rows step, Table table, Dataset<Row> query, SnapshotReader reader, Kept kept) {
    List<String> outputs = List.of(query.columns());
    if (table.isAbsent()) {
      // What it would make of a value nobody can say; as long as it has no rows, none differs.
      return new FittingRows(step, kept.keep(query), outputs, false);
    }
    Dataset<Row> rows = Canonical.local(query, table);
    boolean asked = Canonical.needsServer(rows, table);
    return new FittingRows(
        step,
        kept.keep(asked ? reader.stored(rows, table).orRefused(step.key()) : rows),
        outputs,
        asked);
  }

  /** Those that can be written. */
  Dataset<Row> rows() {
    return all.where(not(unfit)).select(cells(outputs));
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
    Column key =
        array(step.key().stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    return all
        .where(unfit)
        .select(
            asked ? coalesce(cell(StoredRows.GIVEN_KEY), key) : key,
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
    Dataset<Row> twice = rows().groupBy(cells(step.key())).count().where("count > 1");
    List<Row> first = twice.limit(1).collectAsList();
    if (!first.isEmpty()) {
      throw new UnfitRows(
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
