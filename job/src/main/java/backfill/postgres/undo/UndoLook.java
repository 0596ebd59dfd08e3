package backfill.postgres.undo;

import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.server.RowEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Decides which rows of one batch can be taken back: not one that is as it was before, that is not
 * what the run wrote, that a later run wrote, or that other rows refer to. Used once, by one
 * thread.
 */
final class UndoLook {
  private final UndoTable table;
  private final RowEvent event;
  private final LaterKeys later;
  private final List<Reference> references;
  private final Connection connection;
  private final List<LeftRow> left = new ArrayList<>();
  private long already;
  private long statements;

  /**
   * @param event what the run did to the rows
   * @param references those that keep a row from being deleted
   */
  UndoLook(
      UndoTable table,
      RowEvent event,
      LaterKeys later,
      List<Reference> references,
      Connection connection) {
    this.table = table;
    this.event = event;
    this.later = later;
    this.references = event == RowEvent.INSERT ? references : List.of();
    this.connection = connection;
  }

  /**
   * The places of the rows that can be taken back. Where rows of the table refer to each other, one
   * that is left may keep another.
   */
  int[] chosen(ChangedRows rows) throws SQLException {
    int[] chosen = chosen(rows, IntStream.range(0, rows.size()).toArray());
    int before = rows.size();
    while (chosen.length < before && references.stream().anyMatch(Reference::own)) {
      before = chosen.length;
      chosen = chosen(rows, chosen);
    }
    return chosen;
  }

  /** The rows that cannot be taken back. */
  List<LeftRow> left() {
    return left;
  }

  /** How many rows are as they were before the run. */
  long already() {
    return already;
  }

  /** How many statements were sent. */
  long statements() {
    return statements;
  }

  /** What the server says of one row. */
  private record Seen(boolean asWritten, boolean asBefore, int referredTo) {}

  /** The rows to take back; why the others are not is noted. */
  private int[] chosen(ChangedRows rows, int[] asked) throws SQLException {
    Map<Integer, Seen> seen = seen(rows.at(asked));
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < asked.length; i++) {
      List<String> key = rows.key(asked[i]);
      Seen row = seen.get(i);
      String runOfLater = later.runOf(key);
      if (isAlreadySo(row)) {
        already++;
      } else if (runOfLater != null) {
        left.add(new LeftRow(key, LeftRow.laterRun(runOfLater)));
      } else if (reason(row) != null) {
        left.add(new LeftRow(key, reason(row)));
      } else if (row != null && row.referredTo() >= 0) {
        left.add(
            new LeftRow(
                key, LeftRow.referredTo(references.get(row.referredTo()).child().toString())));
      } else {
        chosen.add(asked[i]);
      }
    }
    return chosen.stream().mapToInt(Integer::intValue).toArray();
  }

  private boolean isAlreadySo(Seen row) {
    return switch (event) {
      case INSERT -> row == null;
      case UPDATE -> row != null && row.asBefore() && !row.asWritten();
      case DELETE -> row != null && row.asBefore();
    };
  }

  /** Why a row cannot be taken back; null if it can. */
  private String reason(Seen row) {
    return switch (event) {
      case INSERT -> row.asWritten() ? null : LeftRow.CHANGED;
      case UPDATE -> row == null ? LeftRow.GONE : row.asWritten() ? null : LeftRow.CHANGED;
      case DELETE -> row == null ? null : LeftRow.TAKEN;
    };
  }

  private Map<Integer, Seen> seen(ChangedRows rows) throws SQLException {
    Map<Integer, Seen> seen = new TreeMap<>();
    if (rows.size() == 0) {
      return seen;
    }
    statements++;
    UndoStatements sql = new UndoStatements(table, rows);
    try (PreparedStatement statement = sql.prepare(connection, sql.look(references));
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        int referredTo = -1;
        for (int i = references.size() - 1; i >= 0; i--) {
          referredTo = row.getBoolean(4 + i) ? i : referredTo;
        }
        seen.put(row.getInt(1) - 1, new Seen(row.getBoolean(2), row.getBoolean(3), referredTo));
      }
    }
    return seen;
  }
}
