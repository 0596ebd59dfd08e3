package backfill.report;

import backfill.postgres.ledger.WriteCounts;
import backfill.report.StepReport.Cost;
import backfill.report.StepReportBuilder.Work;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Adds up what one step took: statements, attempts, waits, and time by stage. */
final class StepCost {
  private Long statements;
  private Long retries;
  private Long lockWaitMs;
  private Long throttledMs;
  private long lockWaitsSeen;
  private Map<String, Long> stages = Map.of();

  Cost now() {
    return new Cost(
        statements,
        retries,
        lockWaitMs == null ? null : (Long) (lockWaitMs + lockWaitsSeen),
        throttledMs,
        stages);
  }

  /** Statements that read or wrote rows. */
  void sent(long more) {
    statements = StepReport.or0(statements) + more;
  }

  /** What the writers counted. */
  void took(WriteCounts counts) {
    retries = counts.retries();
    lockWaitMs = Duration.ofNanos(counts.lockWaitNanos()).toMillis();
    throttledMs = Duration.ofNanos(counts.throttledNanos()).toMillis();
    sent(counts.statements());
  }

  /** Waits of its sessions for locks that they got, as they were seen. */
  void waitedForLocks(long millis) {
    lockWaitsSeen += millis;
  }

  /** Of a step that has no batches: the throttle held its statements back so long. */
  void held(long nanos) {
    throttledMs = StepReport.or0(throttledMs) + Duration.ofNanos(nanos).toMillis();
  }

  void retried(long times) {
    retries = times;
  }

  <E extends Exception> void timed(Stage stage, Work<E> work) throws E {
    long started = System.nanoTime();
    try {
      work.run();
    } finally {
      Map<String, Long> all = new LinkedHashMap<>(stages);
      all.merge(stage.toString(), (System.nanoTime() - started) / 1_000_000, Long::sum);
      stages = Collections.unmodifiableMap(all);
    }
  }
}
