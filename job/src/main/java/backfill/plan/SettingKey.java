package backfill.plan;

import com.typesafe.config.ConfigValue;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One setting: its key, what it measures, and its range. The default is in {@code reference.conf}.
 */
enum SettingKey {
  CONNECT_TIMEOUT("connect-timeout", Measure.DURATION, "1 s", "5 min"),
  LOCK_TIMEOUT("lock-timeout", Measure.DURATION, "10 ms", "1 h"),
  PROGRESS_EVERY("progress-every", Measure.DURATION, "10 ms", "5 s"),
  APPROVE("approve", Measure.APPROVE, "none", "exact"),
  APPROVE_WITHIN("approve-within", Measure.DURATION, "1 s", "8760 h"),
  ON_REVOKED("on-revoked", Measure.ON_REVOKED, "report", "remove"),
  READERS("read.readers", Measure.COUNT, "1", "64"),
  FETCH_ROWS("read.fetch-rows", Measure.COUNT, "1", "1000000"),
  KEYS_PER_QUERY("read.keys-per-query", Measure.COUNT, "1", "1000000"),
  REPLICA_WAIT_FOR("read.wait-for", Measure.DURATION, "0 s", "24 h"),
  SNAPSHOT_MAX_AGE("read.snapshot-max-age", Measure.DURATION, "1 s", "168 h"),
  BROADCAST_BYTES("flatten.broadcast-bytes", Measure.BYTES, "0 B", "8 GiB"),
  DICTIONARY_BYTES("flatten.dictionary-bytes", Measure.BYTES, "0 B", "1 GiB"),
  NESTED_BYTES("flatten.nested-bytes", Measure.BYTES, "0 B", "64 GiB"),
  LEAST_WRITERS("write.writers.min", Measure.COUNT, "1", "64"),
  WRITERS("write.writers.max", Measure.COUNT, "1", "64"),
  AUTO_WRITERS("write.writers.auto", Measure.LIMIT, "2", "64"),
  ROWS_PER_BATCH("write.rows-per-batch", Measure.COUNT, "1", "1000000"),
  BATCH_BYTES("write.batch-bytes", Measure.BYTES, "64 KiB", "1 GiB"),
  PROTOCOL("write.protocol", Measure.PROTOCOL, "auto", "unnest"),
  STATEMENT_TIMEOUT("write.statement-timeout", Measure.DURATION, "100 ms", "1 h"),
  RETRY_FOR("write.retry-for", Measure.DURATION, "0 s", "24 h"),
  ANALYZE("write.analyze", Measure.ANALYZE, "auto", "off"),
  WAIT_FOR("verify.wait-for", Measure.DURATION, "0 s", "24 h"),
  ROWS_PER_SECOND("throttle.rows-per-second", Measure.LIMIT, "1", "1000000000"),
  REPLICA_LAG("throttle.replica-lag", Measure.DURATION_LIMIT, "100 ms", "24 h"),
  REPLICA_LAG_BYTES("throttle.replica-lag-bytes", Measure.BYTES_LIMIT, "64 KiB", "1 TiB"),
  WAL_PER_SECOND("throttle.wal-per-second", Measure.BYTES_LIMIT, "64 KiB", "1 TiB"),
  ARCHIVE_QUEUE("throttle.archive-queue", Measure.LIMIT, "1", "1000000"),
  WAITING_SESSIONS("throttle.waiting-sessions", Measure.LIMIT, "0", "1000000"),
  BLOCKED_BY_US("throttle.blocked-by-us", Measure.DURATION_LIMIT, "0 ms", "1 h"),
  PROBE_LATENCY("throttle.probe-latency", Measure.DURATION_LIMIT, "1 ms", "1 h"),
  AUTOVACUUM("throttle.autovacuum", Measure.AUTOVACUUM, "ignore", "pause"),
  SIGNAL_TIMEOUT("throttle.signal-timeout", Measure.DURATION, "100 ms", "30 s"),
  LEASE("ledger.lease", Measure.DURATION, "1 s", "1 h"),
  RESUME_WITHIN("ledger.resume-within", Measure.DURATION, "0 s", "168 h"),
  KEEP_RUNS("ledger.keep-runs", Measure.COUNT, "20", "1000000"),
  KEYS_BYTES("ledger.keys-bytes", Measure.BYTES, "0 B", "64 GiB"),
  HOOK_TIME_LIMIT("hooks.time-limit", Measure.DURATION, "100 ms", "1 h"),
  REJECTED_ROWS("limits.rejected-rows", Measure.COUNT, "0", "1000000000000"),
  DRIFT_PERCENT("limits.drift-percent", Measure.COUNT, "0", "1000000"),
  ROWS_INSERTED("limits.rows-inserted", Measure.LIMIT, "0", "1000000000000"),
  ROWS_SET("limits.rows-set", Measure.LIMIT, "0", "1000000000000"),
  GROWTH_PERCENT("limits.growth-percent", Measure.LIMIT, "0", "1000000"),
  PAIRS_FOR_ONE_USER("limits.pairs-for-one-user", Measure.LIMIT, "0", "1000000000000"),
  USERS_OF_ONE_OBJECT("limits.users-of-one-object", Measure.LIMIT, "0", "1000000000000"),
  ROWS_DELETED("limits.rows-deleted", Measure.LIMIT, "0", "1000000000000"),
  SURPLUS_PERCENT("limits.surplus-percent", Measure.LIMIT, "0", "100");

  private final String key;
  private final Measure measure;
  private final String least;
  private final String most;

  SettingKey(String key, Measure measure, String least, String most) {
    this.key = key;
    this.measure = measure;
    this.least = least;
    this.most = most;
  }

  static List<String> keys() {
    return Arrays.stream(values()).map(SettingKey::key).toList();
  }

  /** With its group, as in {@code write.writers}. */
  String key() {
    return key;
  }

  /** The key within its group. */
  String leaf() {
    return key.substring(key.indexOf('.') + 1);
  }

  /** {@code write}, or nothing for a setting that stands beside the groups. */
  Optional<String> group() {
    return key.contains(".") ? Optional.of(key.substring(0, key.indexOf('.'))) : Optional.empty();
  }

  /** For people: {@code 1 to 64}. */
  String range() {
    return measure.isWord() ? measure.expected() : least + " to " + most;
  }

  /**
   * The number that a value of the plan stands for, in milliseconds, bytes or pieces; empty for the
   * {@code none} of a limit.
   *
   * @throws IllegalArgumentException naming the key, the value and what was expected
   */
  OptionalLong parse(ConfigValue value) {
    return parse(value, key);
  }

  /**
   * The same where a plan may write it in another way.
   *
   * @param written what a message calls it
   */
  OptionalLong parse(ConfigValue value, String written) {
    Object plain = value.unwrapped();
    if (!(plain instanceof String) && !(plain instanceof Number)) {
      throw new IllegalArgumentException(
          written + " must be " + measure.expected() + ", got " + Node.describe(value));
    }
    String text = String.valueOf(plain).strip();
    if (measure.mayBeNone() && text.equals(Measure.NONE)) {
      return OptionalLong.empty();
    }
    long number =
        measure
            .parse(text)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        written + " must be " + measure.expected() + ", got " + text));
    return OptionalLong.of(require(number, text, written));
  }

  /** The count or the size itself, if it lies in the range. */
  long require(long number) {
    return require(number, measure == Measure.BYTES ? number + " B" : Long.toString(number), key);
  }

  /** The duration itself, if it lies in the range. */
  Duration require(Duration duration) {
    require(duration.toMillis(), duration.toMillis() + " ms", key);
    return duration;
  }

  private long require(long number, String got, String written) {
    if (number < measure.parse(least).orElseThrow() || number > measure.parse(most).orElseThrow()) {
      throw new IllegalArgumentException(written + " must be " + range() + ", got " + got);
    }
    return number;
  }
}
