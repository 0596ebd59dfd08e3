package backfill.postgres.write;

import backfill.postgres.catalog.ParentKey;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** The statements about rows of one batch, each sent with an array for each column, and counted. */
final class BatchQueries {
  private final WriteTarget target;
  private final Connection connection;
  private final String writeSql;
  private final PieceSize pieces;
  private final BatchChanges changes;
  private long sent;

  BatchQueries(WriteTarget target, Connection connection, PieceSize pieces, BatchChanges changes) {
    this.target = target;
    this.connection = connection;
    this.pieces = pieces;
    this.changes = changes;
    this.writeSql = BatchStatement.sql(target, changes.named(), changes.images());
  }

  /**
   * What became of some rows.
   *
   * @param changed how many were added, or set
   * @param untouched places of those that were not, as far as anybody asks for them
   * @param swallowed of these, the rows that a trigger dropped
   * @param set how many of the changed ones were there before, where both are done
   * @param absent of those that were not changed, how many are not there
   * @param foreign of these, those whose key is in a row that is not the writer's to set
   */
  record Outcome(
      long changed, BitSet untouched, BitSet swallowed, long set, long absent, BitSet foreign) {
    Outcome(long changed, BitSet untouched, BitSet swallowed) {
      this(changed, untouched, swallowed, 0, 0, new BitSet());
    }
  }

  /** How many statements were sent. */
  long sent() {
    return sent;
  }

  /** Writes some rows piece by piece, one statement for each. */
  Outcome writePieces(Batch rows) throws SQLException {
    long[] changed = new long[3];
    BitSet untouched = new BitSet();
    BitSet swallowed = new BitSet();
    BitSet foreign = new BitSet();
    pieces.<SQLException>send(
        rows.size(),
        (from, to) -> {
          Outcome piece = write(piece(rows, from, to));
          changed[0] += piece.changed();
          changed[1] += piece.set();
          changed[2] += piece.absent();
          PieceSize.shift(piece.untouched(), from, untouched);
          PieceSize.shift(piece.swallowed(), from, swallowed);
          PieceSize.shift(piece.foreign(), from, foreign);
        });
    return new Outcome(changed[0], untouched, swallowed, changed[1], changed[2], foreign);
  }

  private static Batch piece(Batch rows, int from, int to) {
    return to - from == rows.size() ? rows : rows.part(from, to);
  }

  /** Writes all of some rows by one statement. */
  Outcome write(Batch rows) throws SQLException {
    if (target.mode().sets()) {
      return set(rows);
    }
    return switch (target.operation()) {
      case INSERT_MISSING -> {
        if (changes.named()) {
          BitSet untouched = places(writeSql, rows);
          changes.addAllBut(rows, untouched);
          yield outcome(rows, untouched, BatchStatement.absentRows(target, rows));
        }
        long inserted;
        try (PreparedStatement statement = prepare(writeSql, rows)) {
          inserted = statement.executeLargeUpdate();
        }
        BitSet absent = new BitSet();
        if (mayBeSwallowed(rows, inserted)) {
          absent = absent(rows);
        }
        yield new Outcome(inserted, absent, absent);
      }
      case INSERT_AND_NAME -> {
        BitSet untouched = places(writeSql, rows);
        changes.addAllBut(rows, untouched);
        yield outcome(rows, untouched, BatchStatement.absentRows(target, rows));
      }
      case COMPARE_AND_SET, COMPARE_AND_DELETE -> {
        BitSet untouched = new BitSet(rows.size());
        untouched.set(0, rows.size());
        untouched.andNot(changes.images().isEmpty() ? places(writeSql, rows) : imaged(rows));
        if (changes.images().isEmpty()) {
          changes.addAllBut(rows, untouched);
        }
        yield outcome(rows, untouched, BatchStatement.rowsAsRead(target));
      }
    };
  }

  /**
   * @param asBefore asks which rows are in the table as if nothing had been sent
   */
  private Outcome outcome(Batch rows, BitSet untouched, String asBefore) throws SQLException {
    long changed = rows.size() - untouched.cardinality();
    BitSet swallowed = new BitSet();
    if (mayBeSwallowed(rows, changed)) {
      swallowed = places(asBefore, rows);
      swallowed.and(untouched);
    }
    return new Outcome(changed, untouched, swallowed);
  }

  /**
   * Sets the rows that are there and differ, and adds those that are not, if the mode does. What
   * the second statement does not add may be there by another session since the first one: the
   * batch then begins anew.
   */
  private Outcome set(Batch rows) throws SQLException {
    BitSet set = places(SetStatement.set(target), rows);
    BitSet open = all(rows);
    open.andNot(set);
    BitSet added = new BitSet();
    if (target.mode().adds() && !open.isEmpty()) {
      added = all(rows);
      added.andNot(places(writeSql, rows));
      open.andNot(added);
      set.andNot(added);
    }
    BitSet untouched = (BitSet) open.clone();
    BitSet absent = new BitSet();
    BitSet foreign = new BitSet();
    BitSet swallowed = new BitSet();
    if (!open.isEmpty()) {
      open.andNot(places(SetStatement.held(target), rows));
    }
    if (!open.isEmpty()) {
      absent = absent(rows);
      absent.and(open);
      foreign = (BitSet) open.clone();
      foreign.andNot(absent);
      foreign.andNot(places(SetStatement.there(target), rows));
      open.andNot(foreign);
      if (!target.mode().adds()) {
        open.andNot(absent);
      }
      if (!open.isEmpty() && !target.rejecting().triggersMaySwallow()) {
        throw new SQLException(
            "rows of the batch were added or changed meanwhile, again and again",
            SqlState.SERIALIZATION_FAILURE.code());
      }
      swallowed = open;
    }
    return new Outcome(
        set.cardinality() + added.cardinality(),
        untouched,
        swallowed,
        set.cardinality(),
        target.mode().adds() ? 0 : absent.cardinality(),
        foreign);
  }

  private static BitSet all(Batch rows) {
    BitSet all = new BitSet(rows.size());
    all.set(0, rows.size());
    return all;
  }

  /** A number for each row's key, the same for two that are one to the server. */
  long[] keyHashes(Batch rows) throws SQLException {
    long[] hashes = new long[rows.size()];
    try (PreparedStatement statement = prepare(SetStatement.hashes(target), rows);
        ResultSet row = statement.executeQuery()) {
      for (int place = 0; row.next(); place++) {
        hashes[place] = row.getLong(1);
      }
    }
    return hashes;
  }

  /**
   * How many rows this transaction has deleted so far from each table that loses rows with the
   * target.
   *
   * @see <a href="https://www.postgresql.org/docs/current/monitoring-stats.html">pg_stat_xact_*</a>
   */
  List<Long> deleted() throws SQLException {
    List<Long> deleted = new ArrayList<>();
    if (!target.cascades().isEmpty()) {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(BatchStatement.deleted(target.cascades()))) {
        row.next();
        for (int i = 1; i <= target.cascades().size(); i++) {
          deleted.add(row.getLong(i));
        }
      }
    }
    return deleted;
  }

  private boolean mayBeSwallowed(Batch rows, long changed) {
    return changed < rows.size() && target.rejecting().triggersMaySwallow();
  }

  /** The places of rows that lack a parent, each with the foreign keys that say so. */
  Map<Integer, List<ParentKey>> absentParents(Batch rows) throws SQLException {
    Map<Integer, List<ParentKey>> absent = new TreeMap<>();
    try (PreparedStatement statement = prepare(ParentStatement.absent(target), rows);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        absent
            .computeIfAbsent(row.getInt(1) - 1, place -> new ArrayList<>())
            .add(target.rejecting().parentKeys().get(row.getInt(2)));
      }
    }
    return absent;
  }

  /**
   * Writes the rows, and keeps what each held before, and holds since; answers with their places.
   */
  private BitSet imaged(Batch rows) throws SQLException {
    boolean sets = target.operation() == Operation.COMPARE_AND_SET;
    Map<Integer, String[]> before =
        sets ? images(BatchStatement.heldBefore(target, changes.images()), rows) : Map.of();
    Map<Integer, String[]> written = images(writeSql, rows);
    BitSet places = new BitSet(rows.size());
    for (Map.Entry<Integer, String[]> row : written.entrySet()) {
      places.set(row.getKey());
      String[] held = row.getValue();
      if (sets) {
        String[] first = before.get(row.getKey());
        held = Arrays.copyOf(first, first.length + row.getValue().length);
        System.arraycopy(row.getValue(), 0, held, first.length, row.getValue().length);
      }
      changes.add(rows, row.getKey(), held);
    }
    return places;
  }

  /** Place to the texts that the server answers with, in ascending order. */
  private Map<Integer, String[]> images(String sql, Batch rows) throws SQLException {
    Map<Integer, String[]> images = new TreeMap<>();
    try (PreparedStatement statement = prepare(sql, rows);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        String[] texts = new String[changes.images().size()];
        for (int i = 0; i < texts.length; i++) {
          texts[i] = row.getString(i + 2);
        }
        images.put(row.getInt(1) - 1, texts);
      }
    }
    return images;
  }

  private BitSet places(String sql, Batch rows) throws SQLException {
    BitSet places = new BitSet(rows.size());
    try (PreparedStatement statement = prepare(sql, rows);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        places.set(row.getInt(1) - 1);
      }
    }
    return places;
  }

  /** Copies all of the rows piece by piece, or throws; answers with how many the table took. */
  long copyPieces(Batch rows) throws SQLException {
    long[] taken = new long[1];
    pieces.<SQLException>send(rows.size(), (from, to) -> taken[0] += copy(piece(rows, from, to)));
    return taken[0];
  }

  private long copy(Batch rows) throws SQLException {
    sent++;
    CopyIn copy =
        connection.unwrap(PGConnection.class).getCopyAPI().copyIn(BatchStatement.copy(target));
    try {
      new CopyText(copy).send(rows);
      return copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  /** The places of rows that are not the writer's to add. */
  BitSet notOwned(Batch rows) throws SQLException {
    return target.newRows().owned().isEmpty()
        ? new BitSet()
        : places(BatchStatement.notOwned(target), rows);
  }

  /** The places of rows whose key is not in the table. */
  BitSet absent(Batch rows) throws SQLException {
    return places(BatchStatement.absentRows(target, rows), rows);
  }

  private PreparedStatement prepare(String sql, Batch rows) throws SQLException {
    sent++;
    PreparedStatement statement = connection.prepareStatement(sql);
    List<TargetColumn> columns = rows.columns();
    for (int i = 0; i < columns.size(); i++) {
      statement.setArray(
          i + 1,
          connection
              .unwrap(PGConnection.class)
              .createArrayOf(columns.get(i).elementType(), rows.values(i).array()));
    }
    return statement;
  }
}
