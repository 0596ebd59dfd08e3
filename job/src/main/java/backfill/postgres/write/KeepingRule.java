package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.server.RowEvent;
import java.util.List;

/** Decides what the writers of a step keep in the ledger of the rows that they change. */
public final class KeepingRule {
  private static final int BYTES_OF_AN_INTEGER = 2;
  private static final int BYTES_OF_A_UUID = 24;
  private static final int BYTES_OF_A_TEXT = 12;

  private KeepingRule() {}

  /**
   * Of one of the step's writes: the keys unless they are not to be kept, and for undo what a row
   * held: of a row that is set the columns that are set, of one that is deleted all that can be
   * written again.
   */
  public static Keeping of(Settings settings, Step.Fill step, Table table, WriteTarget target) {
    if (!settings.ledger().keys()) {
      return Keeping.NOTHING;
    }
    List<TargetColumn> images =
        !settings.undo() || target.operation().inserts()
            ? List.of()
            : target.operation().event() == RowEvent.UPDATE
                ? target.columns().stream()
                    .filter(column -> !target.key().contains(column.name()))
                    .toList()
                : writable(table, target.key());
    return new Keeping(
        true, settings.undo(), images, settings.ledger().keysBytes() / step.write().writers());
  }

  /**
   * What the ledger will keep of one of the step's writes, in bytes, about: integers are kept as
   * distances, and everything is compressed: what all rows have alike takes next to nothing.
   */
  public static long bytes(
      Settings settings, WritePart part, List<String> key, Target target, long rows) {
    if (!settings.ledger().on() || !settings.ledger().keys()) {
      return 0;
    }
    Table table = target.table();
    long row = 0;
    for (String name : key) {
      row += bytes(table, name);
    }
    RowEvent event = part.operation().event();
    if (event == RowEvent.INSERT || settings.undo()) {
      long others =
          (event == RowEvent.DELETE ? table.columnNames() : part.columns())
              .stream()
                  .filter(name -> !key.contains(name) && !target.sets(name))
                  .mapToLong(name -> bytes(table, name))
                  .sum();
      row += event == RowEvent.UPDATE ? 2 * others : others;
    }
    return rows * row;
  }

  /** Of a table that is still to be made the columns are not known. */
  private static long bytes(Table table, String column) {
    return table.column(column).map(KeepingRule::bytes).orElse((long) BYTES_OF_A_TEXT);
  }

  private static long bytes(Column column) {
    if (TargetColumn.of(column, false).isInteger()) {
      return BYTES_OF_AN_INTEGER;
    }
    return column.castType().equals("uuid") ? BYTES_OF_A_UUID : BYTES_OF_A_TEXT;
  }

  /** The columns that a row can be written with, beside those of its key. */
  public static List<TargetColumn> writable(Table table, List<String> key) {
    return table.columns().stream()
        .filter(column -> !column.generated() && !key.contains(column.name()))
        .map((Column column) -> TargetColumn.of(column, false))
        .toList();
  }
}
