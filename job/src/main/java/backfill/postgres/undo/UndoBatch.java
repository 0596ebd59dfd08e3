package backfill.postgres.undo;

import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.BatchStatement;
import backfill.postgres.write.BatchTrial;
import backfill.postgres.write.PieceSize;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The rows of one batch, taken back within a transaction that is the caller's. Each is looked at
 * under a lock first. Used once, by one thread.
 */
final class UndoBatch {
  private final UndoTable table;
  private final RowEvent event;
  private final UndoLook look;
  private final Connection connection;
  private final List<LeftRow> left = new ArrayList<>();
  private final List<Taken> taken = new ArrayList<>();
  private long statements;

  /**
   * A row that was taken back.
   *
   * @param place among the rows of the batch
   * @param images what it held, and of one that was set back what it holds since
   */
  private record Taken(int place, String[] images) {}

  /**
   * @param event what the run did to the rows
   */
  UndoBatch(UndoTable table, RowEvent event, LaterKeys later, Connection connection) {
    this.table = table;
    this.event = event;
    this.look = new UndoLook(table, event, later, table.references(), connection);
    this.connection = connection;
  }

  /** Takes back what can be. */
  UndoCounts write(ChangedRows rows) throws SQLException {
    if (event == RowEvent.DELETE) {
      write(rows, look.chosen(rows), Map.of());
    } else {
      UndoStatements sql = new UndoStatements(table, rows);
      List<TargetColumn> set = setColumns(rows);
      Map<Integer, String[]> held =
          places(sql, sql.lock(event == RowEvent.INSERT, set), set.size());
      write(rows, locked(rows, look.chosen(rows), held), held);
    }
    left.addAll(0, look.left());
    return UndoCounts.of(taken.size(), look.already(), left);
  }

  /** How many statements were sent. */
  long statements() {
    return statements + look.statements();
  }

  /** A row that came in after the others were locked is not the run's. */
  private int[] locked(ChangedRows rows, int[] chosen, Map<Integer, String[]> held) {
    for (int place : chosen) {
      if (!held.containsKey(place)) {
        left.add(new LeftRow(rows.key(place), LeftRow.CHANGED));
      }
    }
    return Arrays.stream(chosen).filter(held::containsKey).toArray();
  }

  /** The columns that an update set; none for any other event. */
  private List<TargetColumn> setColumns(ChangedRows rows) {
    return event == RowEvent.UPDATE
        ? rows.columns(Role.BEFORE).stream().map(kept -> table.column(kept).orElseThrow()).toList()
        : List.of();
  }

  /** Writes them, and where the server refuses one halves them until it is alone. */
  private void write(ChangedRows rows, int[] places, Map<Integer, String[]> held)
      throws SQLException {
    if (places.length == 0) {
      return;
    }
    control(BatchStatement.TRY);
    int before = taken.size();
    try {
      send(rows, places, held);
      control(BatchStatement.CHECK_NOW + "; " + BatchStatement.KEEP);
    } catch (SQLException e) {
      if (!BatchTrial.isOfData(e)) {
        throw e;
      }
      control(BatchStatement.UNDO + "; " + BatchStatement.KEEP);
      taken.subList(before, taken.size()).clear();
      if (places.length == 1) {
        List<String> key = rows.key(places[0]);
        left.add(new LeftRow(key, Rejection.of(e, key).reason()));
      } else {
        PieceSize.<SQLException>halve(
            places.length, (from, to) -> write(rows, Arrays.copyOfRange(places, from, to), held));
      }
      return;
    }
    leaveOthers(rows, places, before);
  }

  private void send(ChangedRows rows, int[] places, Map<Integer, String[]> held)
      throws SQLException {
    ChangedRows some = rows.at(places);
    UndoStatements sql = new UndoStatements(table, some);
    List<TargetColumn> images = event == RowEvent.INSERT ? others(rows) : setColumns(rows);
    String write =
        switch (event) {
          case INSERT -> sql.delete(images);
          case UPDATE -> sql.setBack(images);
          case DELETE -> sql.putBack();
        };
    int texts = event == RowEvent.DELETE ? 0 : images.size();
    for (Map.Entry<Integer, String[]> row : places(sql, write, texts).entrySet()) {
      int place = places[row.getKey()];
      String[] kept = row.getValue();
      if (event == RowEvent.UPDATE) {
        kept = Arrays.copyOf(held.get(place), 2 * texts);
        System.arraycopy(row.getValue(), 0, kept, texts, texts);
      }
      taken.add(new Taken(place, kept));
    }
  }

  /** A trigger, or another row, kept some from being taken back. */
  private void leaveOthers(ChangedRows rows, int[] places, int before) {
    Set<Integer> done =
        taken.subList(before, taken.size()).stream().map(Taken::place).collect(Collectors.toSet());
    for (int place : places) {
      if (!done.contains(place)) {
        left.add(
            new LeftRow(
                rows.key(place), event == RowEvent.DELETE ? LeftRow.TAKEN : LeftRow.SUPPRESSED));
      }
    }
  }

  /** The columns beside the key's that a row is put back with. */
  private List<TargetColumn> others(ChangedRows rows) {
    List<String> key = rows.columns(Role.KEY).stream().map(Kept::name).toList();
    return table.writable().stream().filter(column -> !key.contains(column.name())).toList();
  }

  /** What was taken back, as the ledger keeps it, so that this can be undone in its turn. */
  ChangedRows changed(ChangedRows rows) {
    ChangedRows back = rows.at(taken.stream().mapToInt(Taken::place).toArray());
    List<Kept> columns = new ArrayList<>(back.columns(Role.KEY));
    switch (event) {
      case INSERT -> addImages(columns, others(rows), Role.BEFORE, 0);
      case UPDATE -> {
        List<TargetColumn> set = setColumns(rows);
        addImages(columns, set, Role.BEFORE, 0);
        addImages(columns, set, Role.AFTER, set.size());
      }
      case DELETE ->
          back.columns(Role.BEFORE).stream().map(kept -> kept.as(Role.AFTER)).forEach(columns::add);
    }
    return new ChangedRows(columns, back.size(), event != RowEvent.DELETE);
  }

  private void addImages(List<Kept> columns, List<TargetColumn> images, Role role, int from) {
    for (int i = 0; i < images.size(); i++) {
      int place = from + i;
      columns.add(
          new Kept(
              images.get(i).name(),
              images.get(i).type(),
              role,
              taken.stream().map(row -> row.images()[place]).toArray(String[]::new)));
    }
  }

  private void control(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Place to the texts that the server answers with. */
  private Map<Integer, String[]> places(UndoStatements of, String sql, int texts)
      throws SQLException {
    Map<Integer, String[]> places = new TreeMap<>();
    statements++;
    try (PreparedStatement statement = of.prepare(connection, sql);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        String[] answer = new String[texts];
        for (int i = 0; i < texts; i++) {
          answer[i] = row.getString(i + 2);
        }
        places.put(row.getInt(1) - 1, answer);
      }
    }
    return places;
  }
}
