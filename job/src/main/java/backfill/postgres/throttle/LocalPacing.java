package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import backfill.postgres.ledger.Pacing;
import java.sql.Connection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the throttle of a run without a ledger says to the writers in the driver's own process. It
 * is found by what the names of the run's sessions begin with.
 */
public final class LocalPacing implements PaceChannel {
  private static final Map<String, LocalPacing> OPEN = new ConcurrentHashMap<>();

  private final String applicationName;
  private final AtomicLong rows = new AtomicLong();
  private volatile Pacing now = Pacing.FREE;

  private LocalPacing(String applicationName) {
    this.applicationName = applicationName;
  }

  static LocalPacing open(String applicationName) {
    LocalPacing opened = new LocalPacing(applicationName);
    OPEN.put(applicationName, opened);
    return opened;
  }

  /** Of the run whose session has this name; empty for every other one. */
  public static Optional<LocalPacing> of(String session) {
    return OPEN.values().stream()
        .filter(each -> session.startsWith(each.applicationName))
        .findFirst();
  }

  /** No one finds the run to ask anything of it. */
  @Override
  public Asked asked(Connection connection) {
    return Asked.NOTHING;
  }

  @Override
  public OptionalLong rowsPerSecond(Connection connection, double forSeconds) {
    return OptionalLong.of((long) (rows.get() / Math.max(1, forSeconds)));
  }

  @Override
  public long rows(Connection connection) {
    return rows.get();
  }

  @Override
  public void publish(Connection connection, PaceNow decided) {
    now = decided == null ? Pacing.FREE : decided.pacing();
  }

  Pacing now() {
    return now;
  }

  void wrote(long more) {
    rows.addAndGet(more);
  }

  @Override
  public void close() {
    OPEN.remove(applicationName, this);
  }
}
