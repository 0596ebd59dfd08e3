package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.catalog.ServerText;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.RowChange;
import backfill.spark.diff.RowSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.query.CellReader;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;

/** The rows of a step's match that are added, set or taken away, as texts. */
final class ChangeTexts {
  /** Rows that are worth a partition of their own. */
  private static final long ROWS_EACH = 50_000;

  private static final String KEY = "key ";

  private final DiffShape shape;
  private final Table table;
  private final List<WritePart> parts;
  private final JavaSparkContext spark;
  private final List<String> written;

  /**
   * @param outputs the columns that the step's query gives
   * @param varying the target's columns whose values are others in each run
   */
  ChangeTexts(
      Step.Rows step,
      Target target,
      List<String> outputs,
      Set<String> varying,
      JavaSparkContext spark) {
    this.table = target.table();
    this.parts = WritePart.of(step, outputs, target);
    this.spark = spark;
    this.shape =
        new DiffShape(
            step.name(),
            table.name().toString(),
            step.key(),
            WritePart.compared(step, outputs),
            after(step, parts, RowEvent.INSERT),
            after(step, parts, RowEvent.UPDATE),
            varying);
    Set<String> all = new LinkedHashSet<>(shape.inserted());
    all.addAll(shape.set());
    this.written = List.copyOf(all);
  }

  private static List<String> after(Step.Rows step, List<WritePart> parts, RowEvent event) {
    return parts.stream()
        .filter(part -> part.operation().event() == event)
        .flatMap(part -> part.columns().stream())
        .filter(column -> !step.key().contains(column))
        .toList();
  }

  /** No row at all. */
  StepDiff none() {
    return new StepDiff(shape, spark.emptyRDD());
  }

  /**
   * In the order of their keys.
   *
   * @param rows how many there are
   * @param most how many partitions, at most
   */
  StepDiff inOrder(RowsMatch match, long rows, int most) {
    Column[] order = cells(shape.key().stream().map(column -> KEY + column).toList());
    return new StepDiff(
        shape,
        texts(
            changes(match)
                .repartitionByRange((int) Math.min(most, rows / ROWS_EACH + 1), order)
                .sortWithinPartitions(order)));
  }

  /** Their sum, for which they need no order. */
  DiffSum sum(RowsMatch match) {
    DiffShape of = shape;
    return DiffSum.of(
        Derived.ofPartitions(
            texts(changes(match)), rows -> List.of(RowSum.of(of, rows)).iterator()));
  }

  private Dataset<Row> changes(RowsMatch match) {
    List<Column> cells = new ArrayList<>(List.of(cell(RowsMatch.EVENT)));
    for (String column : shape.key()) {
      cells.add(
          when(cell(RowsMatch.EVENT).equalTo(RowEvent.INSERT.name()), cell(column))
              .otherwise(cell(RowsMatch.EXPECTED + column))
              .as(KEY + column));
    }
    shape.before().forEach(column -> cells.add(cell(RowsMatch.EXPECTED + column)));
    written.forEach(column -> cells.add(cell(column)));
    return match.changing(parts).select(cells.toArray(Column[]::new));
  }

  private JavaRDD<RowChange> texts(Dataset<Row> cells) {
    List<String> types =
        Stream.of(List.of(RowsMatch.EVENT), shape.key(), shape.before(), written)
            .flatMap(List::stream)
            .map(this::type)
            .toList();
    CellTexts texts = new CellTexts(shape, written, cells.schema(), types);
    return Derived.ofPartitions(SettingsInTasks.elements(cells), texts::of);
  }

  private String type(String column) {
    return table.column(column).map(of -> of.castType()).orElse("");
  }

  /** Runs on executors. */
  private record CellTexts(
      DiffShape shape, List<String> written, StructType schema, List<String> types)
      implements Serializable {

    Iterator<RowChange> of(Iterator<InternalRow> rows) {
      CellReader[] cells =
          Stream.of(schema.fields()).map(CellReader::of).toArray(CellReader[]::new);
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return rows.hasNext();
        }

        @Override
        public RowChange next() {
          return change(rows.next(), cells);
        }
      };
    }

    private RowChange change(InternalRow row, CellReader[] cells) {
      RowEvent event = RowEvent.valueOf(Objects.toString(cells[0].read(row, 0)));
      int before = 1 + shape.key().size();
      int after = before + shape.before().size();
      List<String> values = event == RowEvent.INSERT ? shape.inserted() : shape.set();
      String[] set = new String[event == RowEvent.DELETE ? 0 : values.size()];
      for (int i = 0; i < set.length; i++) {
        set[i] = text(row, cells, after + written.indexOf(values.get(i)));
      }
      return new RowChange(
          event,
          texts(row, cells, 1, before),
          null,
          event == RowEvent.INSERT || after == before ? null : texts(row, cells, before, after),
          event == RowEvent.DELETE ? null : set);
    }

    private String[] texts(InternalRow row, CellReader[] cells, int from, int to) {
      String[] texts = new String[to - from];
      for (int i = from; i < to; i++) {
        texts[i - from] = text(row, cells, i);
      }
      return texts;
    }

    private String text(InternalRow row, CellReader[] cells, int cell) {
      return ServerText.of(types.get(cell), cells[cell].read(row, cell));
    }
  }
}
