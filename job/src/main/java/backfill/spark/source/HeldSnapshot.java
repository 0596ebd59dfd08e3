package backfill.spark.source;

import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.snapshot.SnapshotAge;
import java.io.Serializable;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * One snapshot of one load, and what still needs it: executions of queries that it was taken for,
 * and jobs whose stages read in it. Guarded by {@link OpenSnapshots}.
 */
final class HeldSnapshot {
  /** How long one is held for jobs of no query, as an iterator's, while none of them runs. */
  static final Duration IDLE = Duration.ofMinutes(5);

  private final Snapshot snapshot;
  private final Import importing;
  private final Map<ReadPartitions, Set<Long>> reads = new HashMap<>();
  private final Set<Integer> stages = new HashSet<>();
  private final Set<Long> executions = new HashSet<>();
  private int announced;
  private boolean outside;
  private String tooOld;
  private long usedNanos = System.nanoTime();
  private SnapshotAge age;

  /**
   * What a task needs to read in it.
   *
   * @param statements that its transaction begins with
   */
  record Import(String id, String applicationName, String statements) implements Serializable {}

  HeldSnapshot(Snapshot snapshot, String applicationName) {
    this.snapshot = snapshot;
    this.importing = new Import(snapshot.id(), applicationName, snapshot.importStatements());
  }

  void watch(SnapshotAge watched) {
    age = watched;
  }

  Snapshot snapshot() {
    return snapshot;
  }

  Import importing() {
    return importing;
  }

  /** It is taken for an execution of a query, which may begin to read in it. */
  void need(ReadPartitions read, long execution) {
    executions.add(execution);
    reads.computeIfAbsent(read, none -> new HashSet<>()).add(execution);
  }

  /** Tasks are about to be sent; a stage will be told to have them. */
  void announce(ReadPartitions read) {
    announced++;
    reads.computeIfAbsent(read, none -> new HashSet<>());
  }

  /**
   * The stage of what was announced.
   *
   * @param execution null where it is of no query's
   */
  void read(ReadPartitions read, int stage, Long execution) {
    announced--;
    stages.add(stage);
    if (execution == null) {
      outside = true;
    } else {
      need(read, execution);
    }
  }

  Set<Integer> stages() {
    return stages;
  }

  /** Whether another scan read in it for an execution for which this one did. */
  boolean hadOthersBeside(ReadPartitions read) {
    Set<Long> mine = reads.getOrDefault(read, Set.of());
    return reads.entrySet().stream()
        .anyMatch(
            other -> other.getKey() != read && other.getValue().stream().anyMatch(mine::contains));
  }

  /**
   * A job that read in it has ended.
   *
   * @param succeeded else none follows that goes on with it
   */
  void used(boolean succeeded) {
    usedNanos = System.nanoTime();
    outside &= succeeded;
  }

  /** Whether something still reads in it, or will. */
  boolean isNeeded(Set<Long> running, Set<Integer> activeStages) {
    return announced > 0
        || stages.stream().anyMatch(activeStages::contains)
        || executions.stream().anyMatch(running::contains)
        || outside
            && tooOld == null
            && !reads.keySet().stream().allMatch(ReadPartitions::isWhole)
            && System.nanoTime() - usedNanos < IDLE.toNanos();
  }

  /** It was ended for its age, for this reason. */
  void tooOld(String reason) {
    tooOld = reason;
  }

  void refuseOld() {
    if (tooOld != null) {
      throw new SourceException(tooOld);
    }
  }

  /** Lets it go; on a thread of its own, because the server may take its time. */
  void release() {
    age.close();
    snapshot.closeWithReaders();
  }
}
