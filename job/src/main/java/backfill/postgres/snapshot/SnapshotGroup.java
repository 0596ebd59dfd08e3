package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.NamedDatabases;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes a snapshot of each of several databases, as close to each other as can be. */
public final class SnapshotGroup {
  private SnapshotGroup() {}

  /**
   * Takes the locks in all of them, then the snapshots.
   *
   * @param tables database to what will be read there
   * @param lockTimeout how long one attempt waits for a lock
   * @param retryFor how long it is tried
   * @return database to snapshot, in the same order
   */
  public static Map<String, Snapshot> export(
      NamedDatabases databases,
      String applicationName,
      Map<String, List<Table>> tables,
      Duration lockTimeout,
      Duration retryFor)
      throws SQLException {
    Map<String, LockedTables> locked = new LinkedHashMap<>();
    Map<String, Snapshot> snapshots = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, List<Table>> each : tables.entrySet()) {
        locked.put(
            each.getKey(),
            LockedTables.of(
                databases.named().get(each.getKey()),
                applicationName,
                each.getValue(),
                lockTimeout,
                retryFor));
      }
      for (Map.Entry<String, LockedTables> each : locked.entrySet()) {
        snapshots.put(each.getKey(), each.getValue().export());
      }
      return snapshots;
    } catch (SQLException | RuntimeException e) {
      snapshots.values().forEach(Snapshot::close);
      throw e;
    } finally {
      // Those that a snapshot holds stay.
      locked.values().forEach(LockedTables::close);
    }
  }
}
