package backfill.postgres.write;

import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * What is asked about rows before they are added.
 *
 * @param looksFirst whether a row whose key is there is left out before it takes a value of a
 *     sequence
 * @param among which rows {@code t} of the target have unique keys at all, in SQL; empty for all
 * @param owned whether a new row of the columns {@code n.c0} and so on is the writer's to add, in
 *     SQL; empty for any row
 */
public record NewRows(boolean looksFirst, String among, String owned) implements Serializable {
  /** Nothing. */
  public static final NewRows ANY = new NewRows(false, "", "");

  /**
   * What follows from a target.
   *
   * @param columns of the rows, in the order in which batches hold them
   */
  public static NewRows of(boolean looksFirst, Target target, List<TargetColumn> columns) {
    TableName table = target.table().name();
    Optional<OwnedRows> owned = target.owned();
    return new NewRows(
        looksFirst,
        target.arbiter().indexed().map(rows -> rows.ofRow(table)).orElse(""),
        owned
            .filter(OwnedRows::asked)
            .map(rows -> BatchStatement.owned(rows, table, columns))
            .orElse(""));
  }
}
