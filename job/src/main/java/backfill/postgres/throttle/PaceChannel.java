package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalLong;

/**
 * How the driver of a run speaks to its writers, and hears of them and of people. Used by the
 * throttle's thread, with its connection.
 */
interface PaceChannel {
  /** What people asked for so far. */
  Asked asked(Connection connection) throws SQLException;

  /**
   * How many rows the run's writers wrote in a second of late; empty where that is not known.
   *
   * @param forSeconds since when they are at work
   */
  OptionalLong rowsPerSecond(Connection connection, double forSeconds) throws SQLException;

  /** How many rows the run's writers wrote so far. */
  long rows(Connection connection) throws SQLException;

  /** Says what the writers may do from now on; null takes it away. */
  void publish(Connection connection, PaceNow now) throws SQLException;

  /** The run is over. */
  default void close() {}
}
