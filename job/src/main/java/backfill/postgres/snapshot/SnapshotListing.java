package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.server.ListedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What takes a snapshot and what imports it, listed. */
public final class SnapshotListing {
  private static final String RELEASE = "the snapshot is let go";

  private final SnapshotStatements statements;

  /**
   * @param tables those that are read in it
   */
  public SnapshotListing(Collection<Table> tables, Duration lockTimeout) {
    this.statements = new SnapshotStatements(tables, lockTimeout);
  }

  /** The transaction beside the exporter's; empty where none is needed. */
  public List<ListedStatement> holding() {
    if (statements.held().isEmpty()) {
      return List.of();
    }
    List<ListedStatement> listed = listed(statements.beginHolding());
    for (Table table : statements.held()) {
      listed.add(
          new ListedStatement(
              List.of(TableLock.ACCESS_SHARE.on(table, RELEASE)), statements.hold(table)));
    }
    return listed;
  }

  /** The exporter's transaction, which stays open until everything is read. */
  public List<ListedStatement> exporting() {
    List<ListedStatement> listed = listed(statements.beginExporting());
    List<String> locks =
        statements.locked().stream()
            .map(table -> TableLock.ACCESS_SHARE.on(table, RELEASE))
            .toList();
    statements.lock().forEach(lock -> listed.add(new ListedStatement(locks, lock)));
    listed.add(new ListedStatement(statements.export()));
    return listed;
  }

  /**
   * What every reader sends before its SELECT.
   *
   * @param id the snapshot's, or words in its place
   */
  public static List<ListedStatement> importing(String id, Duration lockTimeout) {
    return listed(SnapshotStatements.importing(id, lockTimeout));
  }

  private static List<ListedStatement> listed(List<String> transaction) {
    List<ListedStatement> listed = new ArrayList<>();
    listed.add(new ListedStatement("BEGIN"));
    transaction.forEach(sql -> listed.add(new ListedStatement(sql)));
    return listed;
  }
}
