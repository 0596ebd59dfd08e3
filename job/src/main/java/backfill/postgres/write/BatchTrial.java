package backfill.postgres.write;

import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.ledger.WriteMode;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One batch on its way into the table: copied where it may be, else tried whole, and where the
 * server refuses it for its data halved until each row at fault is alone. Everything happens in one
 * transaction, so that the batch keeps its bounds whatever is in it. n rows of which k are bad cost
 * at most 2 k log₂ n tries, and never more than 2 n, beside the copy and, where the server is slow,
 * a first try in pieces. Used once, by one thread.
 */
public final class BatchTrial {
  /**
   * Data exception, integrity constraint violation, WITH CHECK OPTION violation, and what PL/pgSQL
   * raises.
   */
  private static final Set<String> CLASSES_OF_DATA = Set.of("22", "23", "44", "P0");

  private static final String TWIN =
      "a row before it has the same key, as the server compares keys";

  private final WriteTarget target;
  private final BatchQueries queries;
  private final BatchChanges changes;
  private final PieceSize pieces;
  private final Connection connection;
  private final List<List<String>> leftKeys = new ArrayList<>();
  private final List<Rejection> rejections = new ArrayList<>();
  private final Map<String, Long> cascaded = new LinkedHashMap<>();
  private long changed;
  private long set;
  private long left;
  private long absent;
  private boolean takesBack;
  private boolean whole;

  BatchTrial(WriteTarget target, Connection connection, PieceSize pieces, Keeping keeping) {
    this.target = target;
    this.changes = new BatchChanges(target, keeping);
    this.queries = new BatchQueries(target, connection, pieces, changes);
    this.pieces = pieces;
    this.connection = connection;
    // What an earlier piece takes along would be missed by the next.
    this.whole = target.cascades().stream().anyMatch(CascadedTable::target);
  }

  /** Which rows changed, as far as that is kept; null where it is not. */
  ChangedRows changed() {
    return changes.rows();
  }

  /**
   * @param twins what the writer remembers of the keys that it wrote; null where each key is its
   *     own
   * @throws KeyThereException in mode error, for a key that is there, or another unique value
   */
  WriteCounts write(Batch batch, TwinKeys twins) throws SQLException {
    Batch rows = twins == null ? batch : withoutTwins(batch, twins);
    if (rows.size() > 0 && (target.protocol() == WriteProtocol.UNNEST || !copied(rows))) {
      place(rows, false);
    }
    if (target.mode() == WriteMode.ERROR && left > 0) {
      throw KeyThereException.of(leftKeys);
    }
    return new WriteCounts(
        batch.size(),
        changed,
        set,
        new WriteCounts.Leaving(left, leftKeys, absent),
        WriteCounts.Refusing.of(
            rejections, rejections.stream().filter(rejection -> !rejection.forTheData()).count()),
        cascaded,
        new WriteCounts.Effort(queries.sent(), 0, 0),
        true);
  }

  private Batch withoutTwins(Batch batch, TwinKeys twins) throws SQLException {
    BitSet places = twins.among(queries.keyHashes(batch));
    places.stream().forEach(row -> rejections.add(Rejection.unfit(TWIN, batch.key(target, row))));
    return places.isEmpty() ? batch : batch.without(places);
  }

  /** The quick way, which takes all rows or none. */
  private boolean copied(Batch rows) throws SQLException {
    int rejectedBefore = rejections.size();
    control(BatchStatement.TRY);
    takesBack = true;
    try {
      changed = queries.copyPieces(rows);
      BitSet suppressed = new BitSet();
      if (changed < rows.size()) {
        // Without a conflict clause, only a trigger leaves rows out.
        suppressed = queries.absent(rows);
        suppressed.stream()
            .forEach(row -> rejections.add(Rejection.suppressed(rows.key(target, row))));
      }
      changes.addAllBut(rows, suppressed);
      control(BatchStatement.CHECK_NOW + "; " + BatchStatement.KEEP);
      takesBack = false;
      return true;
    } catch (SQLException e) {
      if (!isOfData(e)) {
        throw e;
      }
      control(BatchStatement.UNDO);
      changed = 0;
      changes.cutTo(0);
      rejections.subList(rejectedBefore, rejections.size()).clear();
      return false;
    }
  }

  /**
   * @param parentsAsked whether rows without a parent are out already
   */
  private void place(Batch given, boolean parentsAsked) throws SQLException {
    Batch rows = given;
    BatchQueries.Outcome outcome;
    BitSet notOwned;
    // The server counts what a try deletes that is taken back later, too.
    List<Long> deletedBefore = queries.deleted();
    if (!takesBack) {
      control(BatchStatement.TRY);
      takesBack = true;
    }
    boolean one = whole || pieces.isOne(rows.size());
    int changedBefore = changes.size();
    try {
      notOwned = queries.notOwned(rows);
      rows = notOwned.isEmpty() ? rows : rows.without(notOwned);
      outcome = whole ? queries.write(rows) : queries.writePieces(rows);
      control(BatchStatement.CHECK_NOW + "; " + BatchStatement.KEEP);
      takesBack = false;
    } catch (SQLException e) {
      if (!isOfData(e)) {
        throw e;
      }
      control(BatchStatement.UNDO);
      changes.cutTo(changedBefore);
      if (one) {
        divide(given, parentsAsked, e);
      } else {
        // A row may need another one of its own statement: a key that two exchange, a parent.
        whole = true;
        place(given, parentsAsked);
      }
      return;
    }
    for (int row : notOwned.stream().toArray()) {
      rejections.add(Rejection.notOwned(given.key(target, row)));
    }
    changed += outcome.changed();
    set += outcome.set();
    absent += outcome.absent();
    addCascaded(deletedBefore, outcome.changed());
    for (int row : outcome.untouched().stream().toArray()) {
      if (outcome.swallowed().get(row)) {
        rejections.add(Rejection.suppressed(rows.key(target, row)));
      } else if (outcome.foreign().get(row)) {
        rejections.add(Rejection.notOwned(rows.key(target, row)));
      } else if (target.operation() != Operation.INSERT_MISSING && !target.mode().sets()) {
        leftKeys.add(rows.key(target, row));
      }
    }
    left +=
        rows.size()
            - outcome.changed()
            - outcome.swallowed().cardinality()
            - outcome.foreign().cardinality();
  }

  private void addCascaded(List<Long> before, long own) throws SQLException {
    List<Long> after = queries.deleted();
    for (int i = 0; i < after.size(); i++) {
      CascadedTable cascade = target.cascades().get(i);
      long rows = after.get(i) - before.get(i) - (cascade.target() ? own : 0);
      if (rows > 0) {
        cascaded.merge(cascade.table(), rows, Long::sum);
      }
    }
  }

  private void divide(Batch rows, boolean parentsAsked, SQLException refusal) throws SQLException {
    boolean asked = parentsAsked;
    // A row alone is asked about again: its parent may have gone after the others were.
    if (SqlState.FOREIGN_KEY_VIOLATION.is(refusal) && (!asked || rows.size() == 1)) {
      Batch rest = withoutOrphans(rows);
      if (rest.size() < rows.size()) {
        if (rest.size() > 0) {
          place(rest, true);
        }
        return;
      }
      asked = true;
    }
    if (rows.size() == 1) {
      Rejection rejection = Rejection.of(refusal, rows.key(target, 0));
      if (target.mode() == WriteMode.ERROR && isConflict(refusal)) {
        throw new KeyThereException(rejection.toString());
      }
      rejections.add(rejection);
      return;
    }
    boolean askedNow = asked;
    PieceSize.<SQLException>halve(rows.size(), (from, to) -> place(rows.part(from, to), askedNow));
  }

  /** Rejects the rows that lack a parent, and answers with the others. */
  private Batch withoutOrphans(Batch rows) throws SQLException {
    boolean adds = target.operation().inserts() && target.mode().adds();
    if (!adds || target.rejecting().parentKeys().isEmpty()) {
      return rows;
    }
    Map<Integer, List<ParentKey>> absent;
    try {
      absent = queries.absentParents(rows);
    } catch (SQLException e) {
      // The parents may have become unreadable (class 42) since they were looked up.
      if (!isOfData(e) && !isOfClass(e, Set.of("42"))) {
        throw e;
      }
      control(BatchStatement.UNDO);
      return rows;
    }
    BitSet orphans = new BitSet(rows.size());
    absent.forEach(
        (row, parents) -> {
          orphans.set(row);
          rejections.add(orphan(rows, row, parents));
        });
    return rows.without(orphans);
  }

  private Rejection orphan(Batch rows, int row, List<ParentKey> absent) {
    List<String> key = rows.key(target, row);
    for (ParentKey parent : absent) {
      List<String> parentKey = rows.texts(target, parent.columns(), row);
      if (!target.rejecting().parents().wasThere(parent.constraint(), parentKey)) {
        return Rejection.orphan(parent, parentKey, key);
      }
    }
    return Rejection.parentGone(absent.get(0), key);
  }

  private void control(String statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(statements);
    }
  }

  /** Whether a row is at fault, and not the server. */
  public static boolean isOfData(SQLException failure) {
    return isOfClass(failure, CLASSES_OF_DATA);
  }

  private static boolean isConflict(SQLException failure) {
    return SqlState.UNIQUE_VIOLATION.is(failure) || SqlState.EXCLUSION_VIOLATION.is(failure);
  }

  private static boolean isOfClass(SQLException failure, Set<String> classes) {
    String state = failure.getSQLState();
    return state != null && state.length() == 5 && classes.contains(state.substring(0, 2));
  }
}
