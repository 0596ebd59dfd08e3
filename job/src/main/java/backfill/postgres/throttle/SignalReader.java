package backfill.postgres.throttle;

import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads signals over one connection, each in a READ ONLY transaction that the server ends after the
 * time that a signal may take. One that cannot be read is unknown, and never 0; one that does not
 * answer in time counts as beyond its bound. Used by one thread.
 */
final class SignalReader {
  /** Why a signal is unknown that others may read. */
  static final String HIDDEN = "hidden from this role";

  /** Why a query of a plan is unknown that could be asked. */
  static final String NO_NUMBER = "its query gives no number";

  private final Connection connection;
  private final Duration limit;
  private final Map<String, Sample> samples = new HashMap<>();

  /** A number that grows, at one moment. */
  private record Sample(double number, long nanos) {}

  /**
   * @param connection one that only reads, and does not commit by itself
   */
  SignalReader(Connection connection, Duration limit) {
    this.connection = connection;
    this.limit = limit;
  }

  /**
   * Reads all of them.
   *
   * @throws SQLException if the connection is lost
   */
  List<SignalReading> read(List<PaceSignal> signals) throws SQLException {
    List<SignalReading> readings = new ArrayList<>();
    for (PaceSignal signal : signals) {
      readings.add(read(signal));
    }
    return readings;
  }

  SignalReading read(PaceSignal signal) throws SQLException {
    try {
      return asked(signal);
    } catch (SQLException e) {
      if (SqlState.QUERY_CANCELED.is(e)) {
        return new SignalReading(
            signal.name(),
            signal.worst(),
            Double.POSITIVE_INFINITY,
            "no answer within " + ReadingUnit.MILLIS.words(limit.toMillis()),
            signal.bound(),
            true,
            false);
      }
      if (!connection.isValid(1)) {
        throw e;
      }
      return SignalReading.unknown(signal, ConnectionFailure.oneLine(e));
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
      }
    }
  }

  private SignalReading asked(PaceSignal signal) throws SQLException {
    connection.rollback();
    SessionSettings.begin(connection);
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute("SET LOCAL statement_timeout = " + limit.toMillis());
      long began = System.nanoTime();
      try (ResultSet row = statement.executeQuery(signal.sql())) {
        if (signal.unit() == ReadingUnit.ANSWER) {
          while (row.next()) {
            // Its last row is a part of the answer.
          }
          return known(signal, (System.nanoTime() - began) / 1e6);
        }
        row.next();
        return reading(signal, row);
      }
    }
  }

  private SignalReading reading(PaceSignal signal, ResultSet row) throws SQLException {
    if (row.getMetaData().getColumnCount() > 1 && row.getBoolean(2)) {
      return SignalReading.unknown(signal, HIDDEN);
    }
    double number = row.getDouble(1);
    if (row.wasNull() || Double.isNaN(number)) {
      return signal.ofPlan()
          ? SignalReading.unknown(signal, NO_NUMBER)
          : new SignalReading(
              signal.name(),
              SignalReading.Level.QUIET,
              Double.NaN,
              "nothing to read",
              signal.bound(),
              true,
              false);
    }
    return known(
        signal,
        signal.unit() == ReadingUnit.BYTES_SO_FAR ? perSecond(signal.name(), number) : number);
  }

  private double perSecond(String name, double number) {
    long now = System.nanoTime();
    Sample before = samples.put(name, new Sample(number, now));
    return before == null
        ? 0
        : Math.max(0, number - before.number()) * 1e9 / Math.max(1, now - before.nanos());
  }

  private static SignalReading known(PaceSignal signal, double number) {
    return new SignalReading(
        signal.name(),
        signal.level(number),
        signal.severity(number),
        signal.unit().words(number),
        signal.bound(),
        true,
        signal.late());
  }
}
