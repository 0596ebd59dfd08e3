package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What takes a snapshot of some tables, statement by statement. {@code LOCK TABLE} asks for a right
 * on the whole table; where we have one on columns alone, a SELECT of them takes the same ACCESS
 * SHARE.
 *
 * <p>Such a SELECT needs a snapshot itself, and takes it before it waits for its lock. In the
 * exporter's transaction that would be the one that is exported: older than a TRUNCATE that it
 * waited for, it would show the table empty. So it runs beforehand in a transaction of its own,
 * READ COMMITTED, which holds the lock and no snapshot. {@code LOCK TABLE} takes none.
 */
final class SnapshotStatements {
  private static final String EXPORT =
      "SELECT pg_catalog.pg_export_snapshot(), (CASE WHEN pg_catalog.pg_is_in_recovery()"
          + " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END)::text,"
          + " pg_catalog.clock_timestamp(), pg_catalog.pg_backend_pid(),"
          + " pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text";

  /** Their sizes may be others than before: a step has filled one, perhaps, that another reads. */
  private static final String SIZES =
      ", ARRAY(WITH RECURSIVE tree AS ("
          + "SELECT k.oid AS root, k.oid FROM pg_catalog.unnest('{%s}'::pg_catalog.oid[]) AS k(oid)"
          + " UNION SELECT tree.root, child.inhrelid"
          + " FROM pg_catalog.pg_inherits child JOIN tree ON child.inhparent = tree.oid)"
          + " SELECT coalesce(pg_catalog.max(pg_catalog.pg_relation_size(tree.oid)), 0)"
          + " / pg_catalog.current_setting('block_size')::pg_catalog.int8"
          + " FROM tree GROUP BY tree.root ORDER BY tree.root)";

  /**
   * The server would end a transaction that is idle for as long as its setting says, and with it
   * every reader that is still to come.
   */
  private static final String IDLE = "SET LOCAL idle_in_transaction_session_timeout = 0";

  /** A policy that hides rows is an error. */
  private static final String ALL_ROWS = "SET LOCAL row_security = off";

  private final Collection<Table> tables;
  private final String lockTimeout;

  /**
   * @param tables may name one twice, as source and as target
   */
  SnapshotStatements(Collection<Table> tables, Duration lockTimeout) {
    Map<Long, Table> once = new LinkedHashMap<>();
    tables.forEach(table -> once.putIfAbsent(table.oid(), table));
    this.tables = once.values();
    this.lockTimeout = lockTimeout(lockTimeout);
  }

  private static String lockTimeout(Duration lockTimeout) {
    return "SET LOCAL lock_timeout = " + lockTimeout.toMillis();
  }

  /** The tables that the exporter locks itself. */
  List<Table> locked() {
    return tables.stream().filter(Table::whollyReadable).toList();
  }

  /** The tables that a transaction beside the exporter's holds. */
  List<Table> held() {
    return tables.stream().filter(table -> !table.whollyReadable()).toList();
  }

  /** How that transaction begins. */
  List<String> beginHolding() {
    return List.of("SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY", IDLE, lockTimeout);
  }

  /** Takes ACCESS SHARE on the table, and on its partitions, and reads nothing. */
  String hold(Table table) {
    return "SELECT FROM " + table.name().quoted() + " LIMIT 0";
  }

  /** How the exporter's transaction begins. */
  List<String> beginExporting() {
    return List.of(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", ALL_ROWS, IDLE, lockTimeout);
  }

  /** All of {@link #locked}; none where there is nothing to lock. */
  List<String> lock() {
    return locked().isEmpty()
        ? List.of()
        : List.of(
            locked().stream()
                .map(table -> table.name().quoted())
                .collect(Collectors.joining(", ", "LOCK TABLE ", " IN ACCESS SHARE MODE")));
  }

  /** The whole transaction beside the exporter's; empty where none is needed. */
  List<String> holding() {
    if (held().isEmpty()) {
      return List.of();
    }
    List<String> statements = new ArrayList<>(beginHolding());
    held().forEach(table -> statements.add(hold(table)));
    return statements;
  }

  /**
   * Takes the snapshot. The answer: its name, its place in the write-ahead log, the time, the
   * process, the first transaction whose end it may not see; and in the order of {@link #sized} how
   * many blocks each table has, or the largest of its parts.
   */
  String export() {
    return EXPORT
        + SIZES.formatted(sized().stream().map(String::valueOf).collect(Collectors.joining(",")));
  }

  /** The tables of whose size it is asked: their OIDs, the least first. */
  List<Long> sized() {
    return tables.stream().map(Table::oid).sorted().toList();
  }

  /** The exporter's transaction up to {@link #export}. */
  List<String> exporting() {
    List<String> statements = new ArrayList<>(beginExporting());
    statements.addAll(lock());
    return statements;
  }

  /**
   * What a reader sends first in its transaction. The isolation level must come before the import,
   * and the import before any query; {@code row_security = off} makes a policy that hides rows an
   * error. A statement that waits for the exporter's lock to go lets no reader pass, and would wait
   * for ever with it: the reader gives way.
   */
  static List<String> importing(String id, Duration lockTimeout) {
    return List.of(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET TRANSACTION SNAPSHOT '" + id + "'",
        ALL_ROWS,
        lockTimeout(lockTimeout),
        IDLE);
  }
}
