package backfill.postgres.change;

import backfill.plan.Step;
import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.write.BatchTransactions;
import backfill.postgres.write.PieceSize;
import backfill.postgres.write.TooManyRejectedException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A {@code batches} step at work: passes along the key, a transaction for each batch, until nothing
 * is left to do. A row that another row of the table refers to waits for a later pass. What comes
 * in behind a pass is the next one's; where as much comes in as goes, the step ends after a pass,
 * and a rerun goes on. Used by one thread; only {@link #rows} is for any.
 */
public final class InPlaceRun implements AutoCloseable {
  /** From then on a pass that leaves more than half of what it found is the last. */
  private static final int PASSES_IN_ANY_CASE = 5;

  /** Where rows wait for their children to go, a pass may do little and is no sign of more. */
  private static final int PASSES_OF_A_TREE = 1000;

  private final ChangeScope scope;
  private final Step.InPlace step;
  private final ChangeTarget target;
  private final InPlaceSql sql;
  private final Optional<LedgerSlot> slot;
  private final long rejectedBefore;
  private final BatchTransactions transactions;
  private WriteCounts counts = WriteCounts.NONE;
  private long looks;
  private String settled;
  private boolean countsCascades;
  private Set<String> postponing;
  private volatile long rows;
  private final PieceSize pieces = new PieceSize(taken -> rows = counts.rows() + taken);

  /**
   * @param rejectedBefore rejected rows of the run's earlier steps
   */
  public InPlaceRun(
      ChangeScope scope,
      FoundChangeTargets changes,
      Step.InPlace step,
      Optional<LedgerSlot> slot,
      long rejectedBefore) {
    this.scope = scope;
    this.step = step;
    this.target = changes.targets().get(step.name());
    this.sql = new InPlaceSql(step, target, scope);
    this.postponing = target.ownKeys();
    this.slot = slot;
    this.rejectedBefore = rejectedBefore;
    this.transactions =
        new BatchTransactions(
            scope.database(), scope.applicationName() + " write", step.write().retryFor());
  }

  /** What verify found. */
  public record Remaining(long missing, long addedMeanwhile) {}

  /** How many rows are to be done now. */
  public long left() throws SQLException {
    return look().rows();
  }

  /** Rows that the server has taken so far, those of the present batch included. */
  public long rows() {
    return rows;
  }

  /** Statements that only counted. */
  public long looks() {
    return looks;
  }

  /** Of all batches committed so far. */
  public WriteCounts counts() {
    return counts;
  }

  /** Table to rows that went along; empty where the server does not count them. */
  public Optional<Map<String, Long>> cascaded() {
    return countsCascades ? Optional.of(counts.cascaded()) : Optional.empty();
  }

  /**
   * Does it all.
   *
   * @param between called before each batch; what it throws ends the step there
   * @throws TooManyRejectedException after the commit of the batch that went beyond
   */
  public void run(Runnable between) throws SQLException {
    transactions.gate().whileWaiting(between);
    countsCascades = step.deletes() && serverCounts();
    long before = Long.MAX_VALUE;
    for (int pass = 0; ; pass++) {
      InPlaceCount.Left left = look();
      if (left.rows() == 0) {
        settled = left.snapshot();
        return;
      }
      int atLeast = target.childrenFirst() ? PASSES_OF_A_TREE : PASSES_IN_ANY_CASE;
      if (pass >= atLeast && left.rows() > before / 2) {
        return;
      }
      settled = left.snapshot();
      before = left.rows();
      if (!walk(pass, between)) {
        if (postponing.isEmpty()) {
          return;
        }
        // What is left has children that stay: it is refused for good.
        postponing = Set.of();
      }
    }
  }

  /** False where nothing was done. */
  private boolean walk(int pass, Runnable between) throws SQLException {
    BatchLedger ledger = slot.map(own -> new BatchLedger(own.forPartition(pass))).orElse(null);
    long before = counts.rows();
    List<String> last = null;
    while (true) {
      between.run();
      List<List<String>> keys = next(last);
      if (keys.isEmpty()) {
        return counts.rows() > before;
      }
      last = keys.get(keys.size() - 1);
      counts = counts.plus(transactions.retried(retry -> write(keys, ledger, retry)));
      rows = counts.rows();
      TooManyRejectedException.check(
          rejectedBefore + counts.rejectedForTheData(),
          scope.plan().limits().rejectedRows(),
          counts.rejections());
    }
  }

  private List<List<String>> next(List<String> after) throws SQLException {
    looks++;
    return transactions.retried(retry -> keys(after));
  }

  private List<List<String>> keys(List<String> after) throws SQLException {
    var connection = transactions.open();
    SessionSettings.begin(connection);
    Inquiry.rows(
        connection,
        "SELECT"
            + SessionSettings.untilCommit("lock_timeout", scope.lockTimeout().toMillis() + "ms")
            + ","
            + SessionSettings.untilCommit("statement_timeout", "0")
            + ","
            + SessionSettings.untilCommit("row_security", "off")
            // Along the index, or each batch would sort all that is left.
            + ","
            + SessionSettings.untilCommit("enable_sort", "off"),
        row -> row.getString(1));
    int columns = target.key().size();
    List<List<String>> keys =
        Inquiry.rows(
            connection,
            sql.next(
                after,
                counts.rejectedKeys(),
                transactions.gate().rowsAtOnce(step.write().rowsPerBatch())),
            row -> {
              List<String> key = new ArrayList<>();
              for (int i = 1; i <= columns; i++) {
                key.add(row.getString(i));
              }
              return key;
            });
    connection.rollback();
    return keys;
  }

  private WriteCounts write(List<List<String>> keys, BatchLedger ledger, Retry retry)
      throws SQLException {
    var connection = transactions.open();
    String transaction =
        transactions.begin(
            scope.begin(step.write().statementTimeout(), Optional.ofNullable(ledger)), ledger);
    KeysTrial trial = new KeysTrial(sql, target, connection, pieces, countsCascades, postponing);
    WriteCounts written = trial.write(keys).after(retry);
    String lastKey = BatchLedger.text(keys.get(keys.size() - 1));
    if (ledger != null && !ledger.enter(connection, written, lastKey)) {
      throw new ChangeFailedException(
          "the ledger has a batch of step %s behind the same key already, which only another writer of this run"
                  .formatted(step.name())
              + " can have entered; run the same command again");
    }
    transactions.commit(transaction, ledger, keys.size());
    if (ledger != null) {
      ledger.committed(lastKey);
    }
    return written;
  }

  /**
   * What is left after all: rows that were there before the last pass began, or came later.
   *
   * @param rejected keys that are not expected any more
   */
  public Remaining verify() throws SQLException {
    List<List<String>> rejected = counts.rejectedKeys();
    long left = look().rows();
    if (left == 0 || settled == null) {
      return new Remaining(left, 0);
    }
    looks++;
    long added =
        scope.ask(
            inquiry -> InPlaceCount.newSince(inquiry, sql, target.table(), rejected, settled));
    return new Remaining(Math.max(0, left - added), added);
  }

  private InPlaceCount.Left look() throws SQLException {
    looks++;
    return scope.ask(
        inquiry -> InPlaceCount.left(inquiry, sql, target.table(), counts.rejectedKeys()));
  }

  private boolean serverCounts() throws SQLException {
    return scope.ask(
        inquiry ->
            inquiry.one(
                "SELECT pg_catalog.current_setting('track_counts')::pg_catalog.bool",
                row -> row.getBoolean(1)));
  }

  @Override
  public void close() {
    transactions.close();
  }
}
