package backfill.postgres;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Everything a writer must know, on whatever machine it runs: where, which columns, what a conflict
 * is, and how patient to be.
 *
 * @param columns the columns of a row, in the order in which batches hold them
 * @param key the columns that identify a row: those of the arbiter index
 * @param onConflict the arbiter's conflict target, without an action
 * @param protocol how rows that are added travel; those that are set or deleted do so as arrays
 * @param touched columns that are set along with a change, whatever they held
 * @param owned what a row {@code t} must be for us to change or delete it, in SQL; empty for any
 *     row
 * @param newRows what is asked about rows before they are added
 * @param cascades tables that lose rows when a row is deleted
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
    WriteProtocol protocol,
    Set<String> touched,
    String owned,
    NewRows newRows,
    List<Cascade> cascades,
    Duration lockTimeout,
    Duration statementTimeout,
    Duration retryFor,
    RejectionRules rejection)
    implements Serializable {

  /** By COPY where it adds rows; without columns that are only touched, and for any row. */
  public WriteTarget(
      Database database,
      TableName table,
      List<TargetColumn> columns,
      List<String> key,
      String onConflict,
      Operation operation,
      Duration lockTimeout,
      Duration statementTimeout,
      Duration retryFor,
      RejectionRules rejection) {
    this(
        database,
        table,
        columns,
        key,
        onConflict,
        operation,
        operation.inserts() ? WriteProtocol.COPY : WriteProtocol.UNNEST,
        Set.of(),
        "",
        NewRows.ANY,
        List.of(),
        lockTimeout,
        statementTimeout,
        retryFor,
        rejection);
  }

  /** The columns whose old value is looked at before a row is set, in order. */
  List<TargetColumn> compared() {
    return columns.stream()
        .filter(column -> !key.contains(column.name()) && !touched.contains(column.name()))
        .toList();
  }
}
