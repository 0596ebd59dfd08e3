package backfill.postgres;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/**
 * Everything a writer must know, on whatever machine it runs: where, which columns, what a conflict
 * is, and how patient to be.
 *
 * @param columns the columns of a row, in the order in which batches hold them
 * @param key the columns that identify a row; for {@link Operation#INSERT_MISSING} those of the
 *     arbiter index
 * @param onConflict the arbiter's conflict target, without an action
 * @param retryFor how long one batch is tried again after a passing failure
 * @param rejection what becomes of rows that the server refuses
 */
public record WriteTarget(
    Database database,
    TableName table,
    List<TargetColumn> columns,
    List<String> key,
    String onConflict,
    Operation operation,
    Duration lockTimeout,
    Duration statementTimeout,
    Duration retryFor,
    RejectionRules rejection)
    implements Serializable {

  /** What happens to a row. */
  public enum Operation {
    /** It is added unless one with its key is there. */
    INSERT_MISSING,
    /**
     * The row with its key gets the new values if it still holds the expected ones: after the
     * columns come, for each column that is no key, the value that was read.
     */
    COMPARE_AND_SET
  }

  /** The columns that are no key, in order. */
  List<TargetColumn> values() {
    return columns.stream().filter(column -> !key.contains(column.name())).toList();
  }
}
