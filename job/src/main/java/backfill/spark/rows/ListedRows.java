package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static backfill.spark.query.Cells.differs;
import static backfill.spark.query.Cells.not;
import static backfill.spark.rows.StatedRows.is;
import static backfill.spark.rows.StatedRows.isPlanned;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.spark.rows.StatedRows.State;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.RowsToSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a dry run lists of the matched rows: whom they name most often, and the first of those that
 * would be set.
 */
final class ListedRows {
  private static final String NAMED = "row named";
  private static final String ROWS = "row count";
  private static final String GAINED = "row gains";

  private final Dataset<Row> rows;
  private final List<String> key;
  private final List<String> compared;

  /**
   * @param rows each with its state
   * @param key by which the first ones are in order
   * @param compared the columns that may be set
   */
  ListedRows(Dataset<Row> rows, List<String> key, List<String> compared) {
    this.rows = rows;
    this.key = key;
    this.compared = compared;
  }

  /** Whom a column of the rows that would be added names most often. */
  List<Gains.Gainer> gaining(String column) {
    return mostOf(is(State.ABSENT), column);
  }

  /** Whom a column of the rows that would be deleted names most often. */
  List<Gains.Gainer> losing(String column) {
    String read = RowsMatch.EXPECTED + column;
    return List.of(rows.columns()).contains(read) ? mostOf(is(State.SURPLUS), read) : List.of();
  }

  private List<Gains.Gainer> mostOf(Column which, String column) {
    return rows
        .where(which)
        .groupBy(cell(column).cast("string").as(NAMED))
        .count()
        .orderBy(cell("count").desc(), cell(NAMED))
        .limit(Gains.LISTED)
        .collectAsList()
        .stream()
        .map(row -> new Gains.Gainer(row.getString(0), row.getLong(1)))
        .toList();
  }

  /** Whom the planned rows name most often in a column, of those who gain or change by one. */
  Optional<FanOut> widest(String column, Set<String> except) {
    Column named = cell(NAMED);
    Dataset<Row> counted =
        rows.where(isPlanned())
            .groupBy(cell(column).cast("string").as(NAMED))
            .agg(
                count(lit(1)).as(ROWS),
                count(when(is(State.ABSENT).or(is(State.DIFFERENT)), 1)).as(GAINED))
            .where(cell(GAINED).gt(0).and(named.isNotNull()));
    if (!except.isEmpty()) {
      counted = counted.where(not(named.isin(except.toArray())));
    }
    return counted.orderBy(cell(ROWS).desc(), named).limit(1).collectAsList().stream()
        .map(row -> new FanOut(row.getString(0), row.getLong(1)))
        .findFirst();
  }

  /** The first rows that would be set, column by column, of those in which any changes. */
  List<RowsToSet> toSet() {
    List<RowsToSet> all = new ArrayList<>();
    Column of = array(key.stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    for (String column : compared) {
      List<Row> first =
          rows.where(is(State.DIFFERENT).and(differs(column, RowsMatch.EXPECTED + column)))
              .orderBy(cells(key))
              .limit(Gains.LISTED)
              .select(
                  of, cell(RowsMatch.EXPECTED + column).cast("string"), cell(column).cast("string"))
              .collectAsList();
      if (!first.isEmpty()) {
        all.add(
            new RowsToSet(
                column,
                first.stream()
                    .map(
                        row ->
                            new RowsToSet.Change(
                                row.getList(0), row.getString(1), row.getString(2)))
                    .toList()));
      }
    }
    return all;
  }
}
