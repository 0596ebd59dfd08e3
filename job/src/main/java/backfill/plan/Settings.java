package backfill.plan;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a plan is carried out: nothing here changes which rows are written, but that rows are taken
 * back where {@code on-revoked} says so. Every default is in {@code reference.conf}.
 *
 * @param general what stands beside the groups
 */
public record Settings(
    General general,
    Read read,
    Flatten flatten,
    Write write,
    Throttle throttle,
    Verification verify,
    Ledger ledger,
    Outside outside) {

  /**
   * @param connectTimeout how long to wait for a connection
   * @param lockTimeout how long a statement of ours waits for a lock before it gives way and is
   *     tried again
   * @param progressEvery how often a progress line is printed while anything lasts, at most 5
   *     seconds
   * @param undo whether the ledger keeps what rows held before they were set or deleted
   * @param stopAfter when a run is to stop; empty where it goes on to its end
   * @param approve what must have approved a run
   * @param approveWithin how old the dry run may be that approves one
   * @param onRevoked what becomes of what a run wrote and its sources revoked meanwhile
   */
  public record General(
      Duration connectTimeout,
      Duration lockTimeout,
      Duration progressEvery,
      boolean undo,
      Optional<StopAfter> stopAfter,
      Approve approve,
      Duration approveWithin,
      OnRevoked onRevoked) {
    public General {
      SettingKey.CONNECT_TIMEOUT.require(connectTimeout);
      SettingKey.LOCK_TIMEOUT.require(lockTimeout);
      SettingKey.PROGRESS_EVERY.require(progressEvery);
      SettingKey.APPROVE_WITHIN.require(approveWithin);
    }
  }

  /** What a run must have been approved by, before it may write. */
  public enum Approve {
    /** By nothing: an approval is used where one is given. */
    NONE,
    /** By the counts of a dry run. */
    COUNTS,
    /** By the counts of a dry run, and by the keys of the rows that it would have written. */
    EXACT
  }

  /** How rows that are added travel. */
  public enum Protocol {
    /** By COPY, unless something about the target forbids it. */
    AUTO,
    /** By COPY, or not at all. */
    COPY,
    /** As arrays. */
    UNNEST
  }

  /** What becomes of rows that a run wrote, and that its sources ceased to justify meanwhile. */
  public enum OnRevoked {
    /** They are counted, and stay. */
    REPORT,
    /** Those that still are as the run wrote them are taken back. */
    REMOVE
  }

  public Duration connectTimeout() {
    return general.connectTimeout();
  }

  public Duration lockTimeout() {
    return general.lockTimeout();
  }

  public Duration progressEvery() {
    return general.progressEvery();
  }

  public boolean undo() {
    return general.undo();
  }

  public Optional<StopAfter> stopAfter() {
    return general.stopAfter();
  }

  public Approve approve() {
    return general.approve();
  }

  public Duration approveWithin() {
    return general.approveWithin();
  }

  public OnRevoked onRevoked() {
    return general.onRevoked();
  }

  public Hooks hooks() {
    return outside.hooks();
  }

  public Metrics metrics() {
    return outside.metrics();
  }

  /** The same, written in this way. */
  Settings with(Write other) {
    return new Settings(general, read, flatten, other, throttle, verify, ledger, outside);
  }

  /** The same, with these commands called. */
  public Settings calling(Hooks hooks) {
    return new Settings(
        general, read, flatten, write, throttle, verify, ledger, new Outside(hooks, metrics()));
  }

  /** What holds where nothing else is said. */
  public static Settings defaults() {
    return new SettingsParser().settings();
  }

  /** When a run that started at this time is to stop; empty where it goes on to its end. */
  public Optional<Instant> deadline(Instant startedAt) {
    return stopAfter().map(stop -> stop.deadline(startedAt));
  }

  /** Whether the server's statistics of a target are made anew once it grew. */
  public enum Analyze {
    /** Where it grew by more than a tenth, and we may. */
    AUTO,
    /** It is left to autovacuum, or to a person. */
    OFF
  }

  /**
   * @param readers connections that read one database at the same time, at most
   * @param fetchRows rows that one round trip brings
   * @param keysPerQuery keys that one statement asks for, of a source that is fetched by key
   * @param waitFor how long a replica may take to replay what its primary had when it was asked
   * @param snapshotMaxAge how long a snapshot may be held
   */
  public record Read(
      int readers, int fetchRows, int keysPerQuery, Duration waitFor, Duration snapshotMaxAge) {
    public Read {
      SettingKey.READERS.require(readers);
      SettingKey.FETCH_ROWS.require(fetchRows);
      SettingKey.KEYS_PER_QUERY.require(keysPerQuery);
      SettingKey.REPLICA_WAIT_FOR.require(waitFor);
      SettingKey.SNAPSHOT_MAX_AGE.require(snapshotMaxAge);
    }
  }

  /**
   * @param broadcastBytes size up to which the group to users map is sent to every executor whole;
   *     above it, it is joined
   * @param dictionaryBytes what the distinct keys of one step may take, where they are no integers
   * @param nestedBytes what the driver may take for what is nested in what, and for the sets that
   *     it closes over that
   */
  public record Flatten(long broadcastBytes, long dictionaryBytes, long nestedBytes) {
    public Flatten {
      SettingKey.BROADCAST_BYTES.require(broadcastBytes);
      SettingKey.DICTIONARY_BYTES.require(dictionaryBytes);
      SettingKey.NESTED_BYTES.require(nestedBytes);
    }
  }

  /**
   * Connections that write at the same time.
   *
   * @param min how many the throttle leaves at work, unless it pauses all of them
   * @param first how many begin; the others follow as long as each makes the write faster
   * @param max how many there are at most; until it is chosen by the server, the least that may be
   * @param auto up to how many are chosen by what the server has; empty where {@code max} is it
   */
  public record Writers(int min, int first, int max, OptionalInt auto) {
    /** The fewest that are chosen by what a server has. */
    public static final int LEAST_CHOSEN = 2;

    public Writers {
      SettingKey.LEAST_WRITERS.require(min);
      SettingKey.WRITERS.require(max);
      auto.ifPresent(SettingKey.AUTO_WRITERS::require);
      if (min > max) {
        throw new IllegalArgumentException(
            "write.writers.min must be at most write.writers.max (%d), got %d".formatted(max, min));
      }
      if (first < 1 || first > max) {
        throw new IllegalArgumentException(
            "the writers that begin must be 1 to %d, got %d".formatted(max, first));
      }
    }

    /** All of them begin. */
    public Writers(int min, int max) {
      this(min, max, OptionalInt.empty());
    }

    public Writers(int min, int max, OptionalInt auto) {
      this(min, max, max, auto);
    }

    /** So many, now that it is chosen. */
    public Writers chosen(int begin, int most) {
      return new Writers(Math.min(min, most), begin, most, OptionalInt.empty());
    }
  }

  /**
   * @param parallel how many connections write at the same time
   * @param rowsPerBatch rows of one transaction, at most
   * @param batchBytes what these may take in a writer's memory, about
   * @param protocol how rows that are added travel
   * @param statementTimeout how long one statement of a batch may run
   * @param retryFor how long one batch is tried again after a passing failure
   * @param analyze whether a target that grew is analyzed
   */
  public record Write(
      Writers parallel,
      int rowsPerBatch,
      long batchBytes,
      Protocol protocol,
      Duration statementTimeout,
      Duration retryFor,
      Analyze analyze) {
    public Write {
      SettingKey.ROWS_PER_BATCH.require(rowsPerBatch);
      SettingKey.BATCH_BYTES.require(batchBytes);
      SettingKey.STATEMENT_TIMEOUT.require(statementTimeout);
      SettingKey.RETRY_FOR.require(retryFor);
    }

    /** With so many writers at most; what grew is analyzed. */
    public Write(
        int writers,
        int rowsPerBatch,
        long batchBytes,
        Protocol protocol,
        Duration statementTimeout,
        Duration retryFor) {
      this(
          new Writers(1, writers),
          rowsPerBatch,
          batchBytes,
          protocol,
          statementTimeout,
          retryFor,
          Analyze.AUTO);
    }

    /** The same with other writers. */
    public Write with(Writers writers) {
      return new Write(
          writers, rowsPerBatch, batchBytes, protocol, statementTimeout, retryFor, analyze);
    }

    /** Connections that write at the same time, at most. */
    public int writers() {
      return parallel.max();
    }
  }

  /** What is called and told outside of the databases. */
  public record Outside(Hooks hooks, Metrics metrics) {}

  /**
   * Where the metrics of a run are sent at its end; empty for nowhere.
   *
   * @param push a Pushgateway of Prometheus
   * @param otlp a collector that speaks OpenTelemetry's protocol by HTTP
   */
  public record Metrics(Optional<Endpoint> push, Optional<Endpoint> otlp) {
    public static final Metrics NONE = new Metrics(Optional.empty(), Optional.empty());
    static final String GROUP = "metrics";
    public static final String PUSH = GROUP + ".push";
    public static final String OTLP = GROUP + ".otlp";
  }

  /**
   * @param waitFor how long verify waits for the transactions that were open at our last commit
   */
  public record Verification(Duration waitFor) {
    public Verification {
      SettingKey.WAIT_FOR.require(waitFor);
    }
  }

  /**
   * @param on whether the run keeps a ledger and holds a lease; without them its counts are exact
   *     only while nothing is retried, and a second run is not kept away
   * @param schema where its three tables are
   * @param lease how long a run that was last heard of still keeps others away
   * @param resumeWithin how old a run that did not come to its end may be for the next one to take
   *     over its {@code :now}
   * @param keepRuns how many runs of a plan that changed nothing stay in it
   * @param keys whether each batch keeps the keys of the rows that it changes, and what it wrote
   *     into those that it added
   * @param keysBytes what this may take for one step, about; batches beyond it keep nothing
   */
  public record Ledger(
      boolean on,
      String schema,
      Duration lease,
      Duration resumeWithin,
      int keepRuns,
      boolean keys,
      long keysBytes) {
    public Ledger {
      SettingKey.LEASE.require(lease);
      SettingKey.RESUME_WITHIN.require(resumeWithin);
      SettingKey.KEEP_RUNS.require(keepRuns);
      SettingKey.KEYS_BYTES.require(keysBytes);
      if (schema.isBlank()) {
        throw new IllegalArgumentException("ledger.schema must not be empty");
      }
    }
  }
}
