package backfill.postgres.change;

import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.SqlState;
import backfill.postgres.write.BatchStatement;
import backfill.postgres.write.BatchTrial;
import backfill.postgres.write.PieceSize;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One batch of a {@code batches} step: tried whole, and where the server refuses it for its data
 * halved until each row at fault is alone. A row that would be found again after it was set, or
 * that a trigger dropped, is rejected: it would be tried for ever. Used once, by one thread.
 */
final class KeysTrial {
  private static final String FOUND_AGAIN = "where holds for it after set, too";

  private final InPlaceSql sql;
  private final ChangeTarget target;
  private final Connection connection;
  private final List<Rejection> rejections = new ArrayList<>();
  private final Map<String, Long> cascaded = new LinkedHashMap<>();
  private final boolean countsCascades;
  private final Set<String> postponing;
  private final PieceSize pieces;
  private long changed;
  private long statements;
  private boolean takesBack;
  private boolean whole;

  /**
   * @param postponing foreign keys for which a row is left as it is, neither done nor rejected
   */
  KeysTrial(
      InPlaceSql sql,
      ChangeTarget target,
      Connection connection,
      PieceSize pieces,
      boolean countsCascades,
      Set<String> postponing) {
    this.sql = sql;
    this.target = target;
    this.connection = connection;
    this.pieces = pieces;
    this.countsCascades = countsCascades;
    this.postponing = postponing;
  }

  WriteCounts write(List<List<String>> keys) throws SQLException {
    place(keys);
    return new WriteCounts(
        changed + rejections.size(),
        changed,
        WriteCounts.Leaving.NONE,
        WriteCounts.Refusing.of(rejections, 0),
        cascaded,
        new WriteCounts.Effort(statements, 0, 0),
        true);
  }

  private void place(List<List<String>> keys) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    if (!takesBack) {
      control(BatchStatement.TRY);
      takesBack = true;
    }
    BitSet done = new BitSet(keys.size());
    BitSet again = new BitSet(keys.size());
    Map<String, Long> before = countsCascades ? target.cascades().deletedSoFar(connection) : null;
    // What an earlier piece takes along would be missed by the next.
    whole |= before != null && before.containsKey(target.table().name().toString());
    boolean one = whole || pieces.isOne(keys.size());
    try {
      if (whole) {
        send(sql.write(keys), done, again);
      } else {
        pieces.<SQLException>send(keys.size(), (from, to) -> send(keys, from, to, done, again));
      }
      if (!again.isEmpty()) {
        control(BatchStatement.UNDO);
        reject(keys, again, FOUND_AGAIN);
        place(without(keys, again));
        return;
      }
      control(BatchStatement.CHECK_NOW + "; " + BatchStatement.KEEP);
      takesBack = false;
    } catch (SQLException e) {
      if (!BatchTrial.isOfData(e)) {
        throw e;
      }
      control(BatchStatement.UNDO);
      if (one) {
        divide(keys, e);
      } else {
        // A row may need another one of its own statement.
        whole = true;
        place(keys);
      }
      return;
    }
    changed += done.cardinality();
    if (countsCascades) {
      addCascaded(before, done.cardinality());
    }
    if (target.swallows() && done.cardinality() < keys.size()) {
      BitSet swallowed = new BitSet(keys.size());
      send(sql.stillThere(keys), swallowed, new BitSet());
      swallowed.andNot(done);
      swallowed.stream().forEach(row -> rejections.add(Rejection.suppressed(keys.get(row))));
    }
  }

  private void divide(List<List<String>> keys, SQLException refusal) throws SQLException {
    if (keys.size() == 1) {
      Rejection rejection = Rejection.of(refusal, keys.get(0));
      if (!SqlState.FOREIGN_KEY_VIOLATION.is(rejection.sqlState())
          || rejection.constraint() == null
          || !postponing.contains(rejection.constraint())) {
        rejections.add(rejection);
      }
      return;
    }
    PieceSize.<SQLException>halve(keys.size(), (from, to) -> place(keys.subList(from, to)));
  }

  private void reject(List<List<String>> keys, BitSet places, String reason) {
    places.stream()
        .forEach(row -> rejections.add(new Rejection(reason, null, null, keys.get(row))));
  }

  private static List<List<String>> without(List<List<String>> keys, BitSet places) {
    List<List<String>> rest = new ArrayList<>();
    for (int row = places.nextClearBit(0); row < keys.size(); row = places.nextClearBit(row + 1)) {
      rest.add(keys.get(row));
    }
    return rest;
  }

  /** The server counts a table that refers to itself whole: the batch's own rows are not along. */
  private void addCascaded(Map<String, Long> before, long own) throws SQLException {
    for (Map.Entry<String, Long> after : target.cascades().deletedSoFar(connection).entrySet()) {
      boolean itself = after.getKey().equals(target.table().name().toString());
      long rows = after.getValue() - before.get(after.getKey()) - (itself ? own : 0);
      cascaded.merge(after.getKey(), rows, Long::sum);
    }
  }

  private void send(List<List<String>> keys, int from, int to, BitSet done, BitSet again)
      throws SQLException {
    BitSet doneHere = new BitSet();
    BitSet againHere = new BitSet();
    send(sql.write(keys.subList(from, to)), doneHere, againHere);
    PieceSize.shift(doneHere, from, done);
    PieceSize.shift(againHere, from, again);
  }

  private void send(String statement, BitSet places, BitSet again) throws SQLException {
    statements++;
    try (Statement sending = connection.createStatement()) {
      sending.setEscapeProcessing(false);
      try (ResultSet row = sending.executeQuery(statement)) {
        while (row.next()) {
          places.set(row.getInt(1) - 1);
          if (row.getMetaData().getColumnCount() > 1 && row.getBoolean(2)) {
            again.set(row.getInt(1) - 1);
          }
        }
      }
    }
  }

  private void control(String statement) throws SQLException {
    try (Statement sending = connection.createStatement()) {
      sending.execute(statement);
    }
  }
}
