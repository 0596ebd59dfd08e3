package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.TableName;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Brings the sequences of columns that a step filled by itself behind the values that are there, so
 * that the next row that is added gets a number that is free. Never backwards: values are drawn, as
 * everybody draws them; only a gap that is too long for that is jumped over, and then no other
 * session could draw as many meanwhile.
 */
public final class SequenceForward {
  /** So many values are drawn within a second or so. */
  private static final long DRAWN = 5_000_000;

  private static final String SEQUENCE =
      """
      SELECT s.seqincrement, s.seqmin, s.seqmax, s.seqrelid
      FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ?""";

  private SequenceForward() {}

  private record Definition(long increment, long least, long most) {}

  private record Position(long last, boolean called) {}

  /** The columns among these that number themselves where no statement fills them. */
  public static List<Column> filled(Table table, Collection<String> written) {
    return table.columns().stream()
        .filter(column -> column.sequence().isPresent() && written.contains(column.name()))
        .toList();
  }

  /**
   * Brings them forward.
   *
   * @return sequence to the last value that is taken of it now, of those that were behind
   * @throws IllegalStateException with what the server said
   */
  public static Map<String, Long> set(
      Database database,
      String applicationName,
      Settings settings,
      Table table,
      Collection<String> written) {
    Map<String, Long> set = new TreeMap<>();
    List<Column> filled = filled(table, written);
    if (filled.isEmpty()) {
      return set;
    }
    Retry retry = new Retry(settings.write().retryFor());
    while (true) {
      try (Connection connection = database.connect(applicationName)) {
        connection.setAutoCommit(false);
        for (Column column : filled) {
          SessionSettings.begin(connection);
          set(connection, table, column, set);
          connection.commit();
        }
        return set;
      } catch (SQLException e) {
        try {
          retry.pauseOrThrow(e);
        } catch (SQLException last) {
          throw new IllegalStateException(
              "cannot set the sequences of "
                  + table.name()
                  + " forward: "
                  + SqlFailure.message(last)
                  + "; its rows are written, and the next one that the application adds may be refused",
              last);
        }
      }
    }
  }

  private static void set(Connection connection, Table table, Column column, Map<String, Long> set)
      throws SQLException {
    TableName sequence = column.sequence().orElseThrow();
    Definition of =
        Inquiry.rows(
                connection,
                SEQUENCE,
                row -> new Definition(row.getLong(1), row.getLong(2), row.getLong(3)),
                sequence.schema(),
                sequence.name())
            .get(0);
    String name = TableName.quote(column.name());
    List<BigDecimal> furthest =
        Inquiry.rows(
            connection,
            "SELECT %s(%s)::pg_catalog.numeric FROM %s WHERE %s BETWEEN %d AND %d"
                .formatted(
                    of.increment() > 0 ? "pg_catalog.max" : "pg_catalog.min",
                    name,
                    table.name().quoted(),
                    name,
                    of.least(),
                    of.most()),
            row -> row.getBigDecimal(1));
    if (furthest.get(0) == null) {
      return;
    }
    Position at = position(connection, sequence);
    BigDecimal increment = BigDecimal.valueOf(of.increment());
    BigDecimal given = BigDecimal.valueOf(at.last());
    BigDecimal taken = at.called() ? given : given.subtract(increment);
    BigDecimal steps = furthest.get(0).subtract(taken).divide(increment, 0, RoundingMode.CEILING);
    BigDecimal goal = taken.add(steps.multiply(increment));
    if (of.increment() > 0
        ? goal.compareTo(BigDecimal.valueOf(of.most())) > 0
        : goal.compareTo(BigDecimal.valueOf(of.least())) < 0) {
      // Its own next value is beyond its end, and what it has left meets no row.
      steps = steps.subtract(BigDecimal.ONE);
      goal = goal.subtract(increment);
    }
    if (steps.signum() <= 0) {
      return;
    }
    String quoted = Parameters.quote(sequence.quoted()) + "::pg_catalog.regclass";
    if (steps.compareTo(BigDecimal.valueOf(DRAWN)) > 0) {
      Inquiry.rows(
          connection,
          "SELECT pg_catalog.setval(%s, %s) FROM %s WHERE last_value %s %s"
              .formatted(
                  quoted,
                  goal.toBigInteger(),
                  sequence.quoted(),
                  of.increment() > 0 ? "<" : ">",
                  goal.subtract(increment.multiply(BigDecimal.valueOf(DRAWN / 2))).toBigInteger()),
          row -> row.getLong(1));
    } else {
      Inquiry.rows(
          connection,
          "SELECT count(pg_catalog.nextval(%s)) FROM pg_catalog.generate_series(1, %s)"
              .formatted(quoted, steps.toBigInteger()),
          row -> row.getLong(1));
    }
    set.put(sequence.toString(), position(connection, sequence).last());
  }

  private static Position position(Connection connection, TableName sequence) throws SQLException {
    return Inquiry.rows(
            connection,
            "SELECT last_value, is_called FROM " + sequence.quoted(),
            row -> new Position(row.getLong(1), row.getBoolean(2)))
        .get(0);
  }
}
