package backfill.postgres.change;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;

/**
 * Makes one column NOT NULL in four transactions, none of which looks at rows while it keeps
 * anybody waiting: a CHECK for new rows alone, its validation, the column itself, and the CHECK
 * gone. A run that is killed or stopped between two of them leaves the CHECK, which refuses what
 * the finished column would refuse; the next run goes on there. Where rows with NULL are found the
 * CHECK is taken away again, so that they can be mended.
 */
final class NotNullRun {
  private final ChangeScope scope;
  private final DdlSender sender;
  private final DdlAttempts attempts;
  private final BooleanSupplier held;
  private NotNullColumn column;

  /** Tries something until it is done, or fails for good. */
  @FunctionalInterface
  interface DdlAttempts {
    void run(DdlRun.Attempt attempt) throws SQLException;
  }

  /**
   * @param held as in {@link DdlRun#run}
   */
  NotNullRun(
      ChangeScope scope,
      DdlSender sender,
      NotNullColumn column,
      DdlAttempts attempts,
      BooleanSupplier held) {
    this.scope = scope;
    this.sender = sender;
    this.column = column;
    this.attempts = attempts;
    this.held = held;
  }

  void run() throws SQLException {
    attempts.run(this::addHelper);
    try {
      attempts.run(this::validate);
    } catch (SQLException e) {
      if (!SqlState.CHECK_VIOLATION.is(e)) {
        throw e;
      }
      attempts.run(this::dropHelper);
      throw new ChangeFailedException(nulls(countNulls()), e);
    }
    attempts.run(this::setNotNull);
    attempts.run(this::dropHelper);
  }

  /** After a wait it is looked once more. */
  private void send(String sql, DdlRun.Attempt anew) throws SQLException {
    if (held.getAsBoolean()) {
      anew.run();
    } else {
      sender.send(sql);
    }
  }

  private NotNullColumn.State look() throws SQLException {
    column = scope.ask(column::recheck);
    return column.state();
  }

  private void addHelper() throws SQLException {
    NotNullColumn.State state = look();
    if (state.notNull() || state.helper()) {
      return;
    }
    long nulls = countNulls();
    if (nulls > 0) {
      throw new ChangeFailedException(nulls(nulls));
    }
    send(column.addHelper(), this::addHelper);
  }

  private void validate() throws SQLException {
    NotNullColumn.State state = look();
    if (!state.notNull() && !state.valid()) {
      send(column.validate(), this::validate);
    }
  }

  private void setNotNull() throws SQLException {
    if (!look().notNull()) {
      send(column.setNotNull(), this::setNotNull);
    }
  }

  private void dropHelper() throws SQLException {
    if (look().helper()) {
      send(column.dropHelper(), this::dropHelper);
    }
  }

  private long countNulls() throws SQLException {
    return scope.ask(
        inquiry ->
            inquiry.askWithoutHurry(
                connection -> {
                  SessionSettings.hideNoRows(connection);
                  return Inquiry.rows(connection, column.countNulls(), row -> row.getLong(1))
                      .get(0);
                }));
  }

  private String nulls(long rows) {
    return column
        + " is NULL in "
        + (rows == 1 ? "1 row" : rows + " rows")
        + ", and cannot be made NOT NULL; nothing is left of the attempt. Fill them (run the plan up to the step"
        + " before, once nobody writes such rows any more), then run again";
  }
}
