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

  /** The columns that a row can be written with, beside those of its key. */
  public static List<TargetColumn> writable(Table table, List<String> key) {
    return table.columns().stream()
        .filter(column -> !column.generated() && !key.contains(column.name()))
        .map((Column column) -> TargetColumn.of(column, false))
        .toList();
  }
}
