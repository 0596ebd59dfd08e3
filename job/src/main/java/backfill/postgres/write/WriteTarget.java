package backfill.postgres.write;

import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Everything a writer must know, on whatever machine it runs: where, which columns, what a conflict
 * is, and how patient to be.
 *
 * @param conflict what a row that is there already means
 * @param protocol how rows that are added travel; those that are set or deleted do so as arrays
 * @param cascades tables that lose rows when a row is deleted
 * @param rejecting what becomes of rows that the server refuses
 */
public record WriteTarget(
    Where where,
    WrittenColumns shape,
    Conflict conflict,
    Operation operation,
    WriteProtocol protocol,
    List<CascadedTable> cascades,
    Timeouts timeouts,
    RejectionRules rejecting)
    implements Serializable {

  /** By COPY where it adds rows, and without any that go along. */
  public WriteTarget(
      Where where,
      WrittenColumns shape,
      Conflict conflict,
      Operation operation,
      Timeouts timeouts,
      RejectionRules rejecting) {
    this(
        where,
        shape,
        conflict,
        operation,
        operation.inserts() ? WriteProtocol.COPY : WriteProtocol.UNNEST,
        List.of(),
        timeouts,
        rejecting);
  }

  /** The table that is written. */
  public record Where(Database database, TableName table) implements Serializable {}

  /**
   * The columns of a row.
   *
   * @param columns all of them, in the order in which batches hold them
   * @param key those that identify a row: the arbiter index's
   * @param touched those that are set along with a change, whatever they held
   * @param each more columns, whose values no batch holds: the server is asked for each new row
   */
  public record WrittenColumns(
      List<TargetColumn> columns, List<String> key, Set<String> touched, List<SetColumn> each)
      implements Serializable {

    /** Batches hold all values. */
    public WrittenColumns(List<TargetColumn> columns, List<String> key, Set<String> touched) {
      this(columns, key, touched, List.of());
    }

    /** Without a column that is only touched. */
    public WrittenColumns(List<TargetColumn> columns, List<String> key) {
      this(columns, key, Set.of());
    }
  }

  /**
   * What a row that is there already means.
   *
   * @param target the arbiter's conflict target, without an action
   * @param owned what a row {@code t} must be for us to change or delete it, in SQL; empty for any
   *     row
   * @param newRows what is asked about rows before they are added
   * @param mode what becomes of the two rows, where they are anybody's
   * @param twins whether two keys that differ here may be one to the server: then the second one is
   *     rejected, so that no value depends on which comes last
   */
  public record Conflict(
      String target, String owned, NewRows newRows, WriteMode mode, boolean twins)
      implements Serializable {

    /** Of keys that are looked at already: the row that is there stays. */
    public Conflict(String target, String owned, NewRows newRows) {
      this(target, owned, newRows, WriteMode.IGNORE, false);
    }

    /** For any row. */
    public static Conflict of(String target) {
      return new Conflict(target, "", NewRows.ANY);
    }
  }

  /**
   * How patient a writer is.
   *
   * @param retryFor how long one batch is tried again after a passing failure
   */
  public record Timeouts(Duration lock, Duration statement, Duration retryFor)
      implements Serializable {}

  public Database database() {
    return where.database();
  }

  public TableName table() {
    return where.table();
  }

  public List<TargetColumn> columns() {
    return shape.columns();
  }

  public List<String> key() {
    return shape.key();
  }

  List<SetColumn> each() {
    return shape.each();
  }

  /** Whether a new row is given a value in this column. */
  boolean gives(String column) {
    return columns().stream().anyMatch(each -> each.name().equals(column))
        || each().stream().anyMatch(set -> set.name().equals(column));
  }

  Set<String> touched() {
    return shape.touched();
  }

  String onConflict() {
    return conflict.target();
  }

  String owned() {
    return conflict.owned();
  }

  WriteMode mode() {
    return conflict.mode();
  }

  NewRows newRows() {
    return conflict.newRows();
  }

  Duration lockTimeout() {
    return timeouts.lock();
  }

  Duration statementTimeout() {
    return timeouts.statement();
  }

  Duration retryFor() {
    return timeouts.retryFor();
  }

  /** The columns whose old value is looked at before a row is set, in order. */
  List<TargetColumn> compared() {
    return columns().stream()
        .filter(column -> !key().contains(column.name()) && !touched().contains(column.name()))
        .toList();
  }
}
