package backfill.postgres.server;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Whether the server that rows are read from has replayed what the one that is written had when it
 * was asked. A standby without a known primary is held against what it has received itself.
 */
public final class ReplicaReplay {
  static final long POLL_MILLIS = 100;

  /**
   * What must be replayed. The next record's place may lie behind a page's header, where no record
   * ends: then the page's beginning is meant. What was committed is flushed at once, or, where
   * {@code synchronous_commit} is off, within three delays of the WAL writer.
   */
  static final String GOAL =
      """
      WITH asked AS (
        SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
                    THEN coalesce(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
                    ELSE pg_catalog.pg_current_wal_insert_lsn() END AS lsn),
      place AS (
        SELECT lsn, (lsn - '0/0'::pg_catalog.pg_lsn)
                      % pg_catalog.current_setting('wal_block_size')::pg_catalog.numeric AS in_page FROM asked)
      SELECT (lsn - CASE WHEN in_page <= 40 THEN in_page ELSE 0 END)::pg_catalog.text AS lsn,
             pg_catalog.pg_is_in_recovery() AS standby,
             pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started,
             (SELECT setting::pg_catalog.int8 FROM pg_catalog.pg_settings WHERE name = 'wal_writer_delay') AS delay
      FROM place""";

  private static final String FLUSHED =
      "SELECT least(?::pg_catalog.pg_lsn, pg_catalog.pg_current_wal_flush_lsn())::pg_catalog.text";

  static final String POSITION =
      """
      SELECT pg_catalog.pg_is_in_recovery() AS standby,
             pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started,
             pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text AS replayed,
             pg_catalog.pg_wal_lsn_diff(?::pg_catalog.pg_lsn, pg_catalog.pg_last_wal_replay_lsn())::pg_catalog.int8 AS lag,
             pg_catalog.pg_is_in_recovery() AND CASE WHEN pg_catalog.pg_is_in_recovery()
               THEN pg_catalog.pg_is_wal_replay_paused() END AS paused,
             extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::pg_catalog.int8
               AS seconds""";

  private final Inquiry named;
  private final Inquiry read;
  private final String address;
  private final String readAddress;
  private final String variable;

  private ReplicaReplay(
      Inquiry named, Inquiry read, String address, String readAddress, String variable) {
    this.named = named;
    this.read = read;
    this.address = address;
    this.readAddress = readAddress;
    this.variable = variable;
  }

  /**
   * Of a database.
   *
   * @param named where it is written, or else the only server of it that is known
   * @param read where rows are read; may be the same
   */
  public static ReplicaReplay of(Inquiry named, Inquiry read, Database database) {
    return new ReplicaReplay(
        named, read, database.address(), database.readAddress(), database.prefix() + "_READ_URL");
  }

  /** What the server that is written had, and when it was started. */
  private record Goal(String lsn, boolean standby, String started, long delayMillis) {}

  /**
   * How far the other one is.
   *
   * @param replayed null where it does not say
   * @param lagBytes what it has not replayed of the goal; null where it does not say
   * @param seconds since what it replayed last was committed; null where that is not known
   */
  private record Position(
      boolean standby,
      String started,
      String replayed,
      Long lagBytes,
      boolean paused,
      Long seconds) {
    boolean has(Goal goal) {
      return standby
          ? lagBytes != null && lagBytes <= 0
          : goal.standby() || started.equals(goal.started());
    }

    /** Whether it may get there by itself. */
    boolean catchesUp() {
      return standby && lagBytes != null && !paused;
    }
  }

  /**
   * Waits until it has.
   *
   * @param waiting is told, again and again, what is waited for
   * @throws LaggingReplicaException if it has not after that time
   */
  public void await(Duration limit, Consumer<String> waiting) throws SQLException {
    long end = System.nanoTime() + limit.toNanos();
    Goal goal = goal();
    while (true) {
      Position at = position(goal);
      if (at.has(goal)) {
        return;
      }
      if (System.nanoTime() - end > 0 || !at.standby()) {
        throw new LaggingReplicaException(refusal(goal, at, limit), at.catchesUp());
      }
      waiting.accept("%s to replay what %s had: %s".formatted(readAddress, address, lag(goal, at)));
      pause();
    }
  }

  /** What a run would have to wait for now; empty where there is nothing. */
  public Optional<String> behind() throws SQLException {
    Goal goal = goal();
    Position at = position(goal);
    return at.has(goal) ? Optional.empty() : Optional.of(lag(goal, at));
  }

  private Goal goal() throws SQLException {
    Goal goal =
        named.one(
            GOAL,
            row ->
                new Goal(
                    row.getString("lsn"),
                    row.getBoolean("standby"),
                    row.getString("started"),
                    row.getLong("delay")));
    if (goal.standby()) {
      return goal;
    }
    long end = System.nanoTime() + Duration.ofMillis(3 * goal.delayMillis()).toNanos();
    while (true) {
      String flushed = named.one(FLUSHED, row -> row.getString(1), goal.lsn());
      if (flushed.equals(goal.lsn()) || System.nanoTime() - end > 0) {
        return new Goal(flushed, false, goal.started(), goal.delayMillis());
      }
      pause();
    }
  }

  private Position position(Goal goal) throws SQLException {
    return read.one(
        POSITION,
        row ->
            new Position(
                row.getBoolean("standby"),
                row.getString("started"),
                row.getString("replayed"),
                row.getObject("lag", Long.class),
                row.getBoolean("paused"),
                row.getObject("seconds", Long.class)),
        goal.lsn());
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      // The caller asks why, in the callback.
      Thread.currentThread().interrupt();
    }
  }

  private static String lag(Goal goal, Position at) {
    if (at.lagBytes() == null) {
      return "how far it has replayed it does not say";
    }
    return String.format(
        Locale.ROOT,
        "it is at %s of %s, %,d bytes behind%s%s",
        at.replayed(),
        goal.lsn(),
        at.lagBytes(),
        at.seconds() == null
            ? ""
            : ", and what it replayed last was committed %,d s ago".formatted(at.seconds()),
        at.paused() ? "; its replay is paused" : "");
  }

  private String refusal(Goal goal, Position at, Duration limit) {
    if (!at.standby()) {
      return "%s is no replica of %s any more: it takes writes of its own; set %s to a replica, or leave it unset"
          .formatted(readAddress, address, variable);
    }
    String cure =
        at.paused()
            ? "SELECT pg_wal_replay_resume() there lets it go on; or leave " + variable + " unset"
            : "raise read.wait-for, or leave " + variable + " unset";
    return "%s has not replayed what %s had when it was asked, within %s (read.wait-for): %s. What is read there would be of some time before; %s"
        .formatted(readAddress, address, inWords(limit), lag(goal, at), cure);
  }

  /** Whole seconds as such, anything else in milliseconds. */
  static String inWords(Duration limit) {
    return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
  }
}
