package backfill.spark.read;

import backfill.plan.Plan;
import backfill.postgres.snapshot.Snapshot;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The readers of one reading, each in its snapshot.
 *
 * @param sources by database
 * @param targets main's, or that of its primary where the targets have a snapshot of their own
 */
record OpenReaders(Map<String, SnapshotReader> sources, SnapshotReader targets) {

  /** Each once. */
  Set<SnapshotReader> all() {
    Set<SnapshotReader> all = new LinkedHashSet<>(sources.values());
    all.add(targets);
    return all;
  }

  SnapshotReader main() {
    return sources.get(Plan.MAIN);
  }

  List<Snapshot> snapshots() {
    return all().stream().map(SnapshotReader::snapshot).toList();
  }

  /** Gives up what was begun and is not finished. */
  void giveUp() {
    all().forEach(reader -> reader.reads().giveUp());
  }

  /** Statements that read rows of the plan's tables. */
  long statements() {
    return all().stream().mapToLong(SnapshotReader::statements).sum();
  }
}
