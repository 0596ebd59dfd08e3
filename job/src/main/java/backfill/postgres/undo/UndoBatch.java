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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;

/**
 * The rows of one batch, taken back within a transaction that is the caller's. Each is looked at
 * under a lock first: one that is not what the run wrote, that a later run wrote, or that other
 * rows refer to is left. Used once, by one thread.
 */
final class UndoBatch {
  private final UndoTable table;
  private final RowEvent event;
  private final LaterKeys later;
  private final List<Reference> references;
  private final Connection connection;
  private final List<LeftRow> left = new ArrayList<>();
  private final List<Map.Entry<List<String>, String[]>> taken = new ArrayList<>();
  private long already;
  private long statements;

  /**
   * @param event what the run did to the rows
   * @param references those that keep a row from being deleted
   */
  UndoBatch(
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

  /** What would become of the rows. */
  UndoCounts look(ChangedRows rows) throws SQLException {
    int[] chosen = chosen(rows);
    return UndoCounts.of(chosen.length, already, left);
  }

  /** Takes back what can be. */
  UndoCounts write(ChangedRows rows) throws SQLException {
    UndoStatements statements = new UndoStatements(table, rows);
    Map<Integer, String[]> held = Map.of();
    if (event != RowEvent.DELETE) {
      held =
          places(
              statements.lock(event == RowEvent.INSERT, setColumns(rows)),
              rows,
              setColumns(rows).size());
    }
    int[] chosen = chosen(rows);
    if (event != RowEvent.DELETE) {
      chosen = locked(rows, chosen, held);
    }
    write(rows, chosen, held);
    return UndoCounts.of(taken.size(), already, left);
  }

  /** How many statements were sent. */
  long statements() {
    return statements;
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

  /** Where rows of the table refer to each other, one that is left may keep another. */
  private int[] chosen(ChangedRows rows) throws SQLException {
    int[] chosen = chosen(rows, IntStream.range(0, rows.size()).toArray());
    int before = rows.size();
    while (chosen.length < before && references.stream().anyMatch(Reference::own)) {
      before = chosen.length;
      chosen = chosen(rows, chosen);
    }
    return chosen;
  }

  /** The columns that an update set; none for any other event. */
  private List<TargetColumn> setColumns(ChangedRows rows) {
    return event == RowEvent.UPDATE
        ? rows.columns(Role.BEFORE).stream().map(kept -> table.column(kept).orElseThrow()).toList()
        : List.of();
  }

  /** What the server says of one row. */
  private record Seen(boolean asWritten, boolean asBefore, int referredTo) {}

  /** The rows to take back; why the others are not is noted. */
  private int[] chosen(ChangedRows rows, int[] asked) throws SQLException {
    Map<Integer, Seen> seen = seen(rows.at(asked));
    List<Integer> chosen = new ArrayList<>();
    List<LeftRow> referred = new ArrayList<>();
    List<LeftRow> others = new ArrayList<>();
    long alreadySo = 0;
    for (int i = 0; i < asked.length; i++) {
      List<String> key = rows.key(asked[i]);
      Seen row = seen.get(i);
      String runOfLater = later.runOf(key);
      if (isAlreadySo(row)) {
        alreadySo++;
      } else if (runOfLater != null) {
        others.add(new LeftRow(key, LeftRow.laterRun(runOfLater)));
      } else if (reason(row) != null) {
        others.add(new LeftRow(key, reason(row)));
      } else if (row != null && row.referredTo() >= 0) {
        referred.add(
            new LeftRow(
                key, LeftRow.referredTo(references.get(row.referredTo()).child().toString())));
      } else {
        chosen.add(asked[i]);
      }
    }
    already += alreadySo;
    left.addAll(others);
    left.addAll(referred);
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
    try (PreparedStatement statement =
            prepare(new UndoStatements(table, rows).look(references), rows);
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
    for (Map.Entry<Integer, String[]> row : places(write, some, texts).entrySet()) {
      int place = places[row.getKey()];
      String[] kept = row.getValue();
      if (event == RowEvent.UPDATE) {
        String[] heldBefore = held.get(place);
        kept = Arrays.copyOf(heldBefore, 2 * texts);
        System.arraycopy(row.getValue(), 0, kept, texts, texts);
      }
      taken.add(Map.entry(rows.key(place), kept));
    }
  }

  /** A trigger, or another row, kept some from being taken back. */
  private void leaveOthers(ChangedRows rows, int[] places, int before) {
    if (taken.size() - before == places.length) {
      return;
    }
    Set<List<String>> done =
        new HashSet<>(taken.subList(before, taken.size()).stream().map(Map.Entry::getKey).toList());
    for (int place : places) {
      if (!done.contains(rows.key(place))) {
        left.add(
            new LeftRow(
                rows.key(place),
                event == RowEvent.DELETE ? LeftRow.TAKEN : "a trigger keeps it as it is"));
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
    List<Kept> columns = new ArrayList<>();
    List<Kept> key = rows.columns(Role.KEY);
    for (int i = 0; i < key.size(); i++) {
      columns.add(new Kept(key.get(i).name(), key.get(i).type(), Role.KEY, keys(key.get(i), i)));
    }
    switch (event) {
      case INSERT -> addImages(columns, others(rows), Role.BEFORE, 0);
      case UPDATE -> {
        addImages(columns, setColumns(rows), Role.BEFORE, 0);
        addImages(columns, setColumns(rows), Role.AFTER, setColumns(rows).size());
      }
      case DELETE -> putBack(columns, rows);
    }
    return new ChangedRows(columns, taken.size(), event != RowEvent.DELETE);
  }

  private Object keys(Kept like, int column) {
    return like.values() instanceof long[]
        ? taken.stream().mapToLong(row -> Long.parseLong(row.getKey().get(column))).toArray()
        : taken.stream().map(row -> row.getKey().get(column)).toArray(String[]::new);
  }

  private void addImages(List<Kept> columns, List<TargetColumn> images, Role role, int from) {
    for (int i = 0; i < images.size(); i++) {
      int place = from + i;
      columns.add(
          new Kept(
              images.get(i).name(),
              images.get(i).type(),
              role,
              taken.stream().map(row -> row.getValue()[place]).toArray(String[]::new)));
    }
  }

  /** Of rows that were put back what they were put back with. */
  private void putBack(List<Kept> columns, ChangedRows rows) {
    Map<List<String>, Integer> places = new HashMap<>();
    for (int row = 0; row < rows.size(); row++) {
      places.put(rows.key(row), row);
    }
    int[] at = taken.stream().mapToInt(row -> places.get(row.getKey())).toArray();
    rows.at(at).columns(Role.BEFORE).stream()
        .map(kept -> new Kept(kept.name(), kept.type(), Role.AFTER, kept.values()))
        .forEach(columns::add);
  }

  private void control(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Place to the texts that the server answers with. */
  private Map<Integer, String[]> places(String sql, ChangedRows rows, int texts)
      throws SQLException {
    Map<Integer, String[]> places = new TreeMap<>();
    try (PreparedStatement statement = prepare(sql, rows);
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

  private PreparedStatement prepare(String sql, ChangedRows rows) throws SQLException {
    statements++;
    PreparedStatement statement = connection.prepareStatement(sql);
    List<String> types = new UndoStatements(table, rows).elementTypes();
    for (int i = 0; i < types.size(); i++) {
      statement.setArray(
          i + 1,
          connection
              .unwrap(PGConnection.class)
              .createArrayOf(types.get(i), rows.columns().get(i).values()));
    }
    return statement;
  }
}
