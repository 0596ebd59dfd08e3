package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The tables of a shipped plan, a run that something happens to, and what must hold then, and after
 * the same command again.
 */
public final class TestingFaultScene implements AutoCloseable {
  private static final int HELD = 75;

  /** More than anything that a run waits for by itself with these settings: it hangs. */
  private static final long PATIENCE_SECONDS = 600;

  private static final long LEFT_NANOS = TimeUnit.MINUTES.toNanos(2);
  private static final Pattern STACK_TRACE =
      Pattern.compile("^\\s+at [\\w.$/]+\\(.*\\)$|^Exception in thread|^Caused by: ");

  /** What a session of ours would leave on a server. */
  private static final Map<String, String> LEFT =
      Map.of(
          "session",
          "SELECT application_name || ': ' || state || ' ' || left(query, 60)"
              + TestingGrants.SESSIONS,
          "advisory lock",
          "SELECT objid::text FROM pg_locks WHERE locktype = 'advisory'"
              + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
          "temporary table",
          "SELECT relname::text FROM pg_class WHERE relpersistence = 't'",
          "invalid index",
          "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indrelid"
              + " WHERE NOT (indisvalid AND indisready) AND relnamespace <> 'pg_toast'::regnamespace",
          "prepared transaction",
          "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()",
          "constraint",
          "SELECT conname::text FROM pg_constraint WHERE NOT convalidated");

  public final TestingFaultedTables tables;
  public final TestingDatabase database;

  public TestingFaultScene(TestingFaultedTables tables) {
    this.tables = tables;
    this.database = tables.database;
  }

  public static TestingFaultScene of(TestingFaultedPlan plan, TestingPostgres server)
      throws Exception {
    return new TestingFaultScene(plan.on(server));
  }

  private String[] options(String... more) {
    return Stream.concat(Stream.of(tables.plan().options()), Stream.of(more))
        .toArray(String[]::new);
  }

  /** Starts a run in a process of its own, whose tasks are tried again. */
  public TestingProcess process() throws IOException {
    return TestingProcess.local("local[2,4]", tables.environment(), tables.plan().plan, options());
  }

  /** Starts a run on a cluster. */
  public TestingProcess process(TestingCluster cluster, Map<String, String> spark)
      throws IOException {
    return cluster.run(tables.environment(), tables.plan().plan, spark, options());
  }

  /** Begins a run in this JVM. */
  public CompletableFuture<TestingRun> begin(String... more) {
    return begin(tables.environment(), more);
  }

  /** Begins a run in this JVM that finds its databases by this environment. */
  public CompletableFuture<TestingRun> begin(Map<String, String> environment, String... more) {
    TestingSpark.session();
    CompletableFuture<TestingRun> run = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                run.complete(TestingRun.here(environment, tables.plan().plan, options(more)));
              } catch (Throwable e) {
                run.completeExceptionally(e);
              }
            },
            "faulted-run");
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  /** Waits for the end of a run, which may not hang. */
  public TestingRun ended(CompletableFuture<TestingRun> run, String after) throws Exception {
    try {
      return run.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      StringBuilder threads = new StringBuilder();
      Thread.getAllStackTraces()
          .forEach(
              (thread, trace) -> {
                if (Stream.of(trace).anyMatch(at -> at.getClassName().startsWith("backfill."))) {
                  threads.append(thread).append('\n');
                  Stream.of(trace)
                      .limit(25)
                      .forEach(at -> threads.append("  ").append(at).append('\n'));
                }
              });
      throw new AssertionError(after + ": the run hangs\n" + threads, e);
    }
  }

  /** How many batches are in, of all runs. */
  public long batches() throws SQLException {
    return TestingLedger.count(database, "SELECT count(*) FROM backfill.batch");
  }

  /** Nothing of ours is left on a server, a little after the end of a run. */
  public void assertNothingLeft(String after) throws Exception {
    assertNothingLeft(after, LEFT_NANOS);
  }

  /**
   * @param patience how long it may take, in nanoseconds
   */
  public void assertNothingLeft(String after, long patience) throws Exception {
    long end = System.nanoTime() + patience;
    List<String> left = left();
    while (!left.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(20);
      left = left();
    }
    assertThat(left).as(after + ": left on the server").isEmpty();
  }

  private List<String> left() throws SQLException {
    List<String> left = new ArrayList<>();
    for (TestingDatabase each : tables.databases()) {
      for (Map.Entry<String, String> kind : LEFT.entrySet()) {
        for (List<Object> row : each.rows(kind.getValue())) {
          left.add(kind.getKey() + " " + row.get(0));
        }
      }
    }
    return left;
  }

  /** Waits until no session of a run is left: what it sent has been done, or undone. */
  void awaitSessions(String after) throws Exception {
    long end = System.nanoTime() + LEFT_NANOS;
    while (database.count("SELECT count(*)" + TestingGrants.SESSIONS) > 0) {
      assertThat(System.nanoTime()).as(after + ": its sessions end").isLessThan(end);
      Thread.sleep(5);
    }
  }

  /** How many sessions an administrator has ended, as the server itself counts them. */
  long sessionsKilled(String after) throws Exception {
    awaitSessions(after);
    return database.count(
        "SELECT sessions_killed FROM pg_stat_database WHERE datname = current_database()");
  }

  /** How many sessions of a run wait for a lock. */
  long waitingSessions() throws SQLException {
    return database.count("SELECT count(*)" + TestingGrants.BLOCKED);
  }

  /** What the ledger says is what the tables say, once nobody writes any more. */
  public void assertLedgerIsRight(String after) throws Exception {
    awaitSessions(after);
    Map<String, Long> rows = numbers(tables.changed());
    rows.values().removeIf(changed -> changed == 0);
    assertThat(ledger("true")).as(after + ": the ledger's rows are the tables'").isEqualTo(rows);
  }

  /**
   * The run ended as the documentation says that it may after such a fault, without a stack trace,
   * and its report counts what its own batches did.
   */
  public void assertReported(TestingRun run, Set<Integer> codes, String after) throws SQLException {
    assertThat(run.code()).as(after + ": " + run.end()).isIn(codes);
    assertThat(run.err().stream().filter(line -> STACK_TRACE.matcher(line).find()))
        .as(after + ": stack traces")
        .isEmpty();
    if (!run.report().path("countsExact").booleanValue()) {
      return;
    }
    Map<String, Long> counted = new TreeMap<>();
    for (JsonNode step : run.report().path("steps")) {
      long changed =
          step.path("inserted").longValue()
              + step.path("updated").longValue()
              + step.path("deleted").longValue();
      if (changed > 0) {
        counted.put(step.path("name").asText(), changed);
      }
    }
    assertThat(counted)
        .as(after + ": the report's counts are the ledger's")
        .isEqualTo(ledger("run_id = '" + run.runId() + "'"));
  }

  /** What ended of itself says that the same command may do better. */
  public void assertRetryable(TestingRun run, String after) {
    if (run.code() != 0) {
      JsonNode error = run.report().path("error");
      assertThat(error.path("retryable").booleanValue()).as(after + ": " + error).isTrue();
    }
  }

  /** The same command again, as a scheduler would give it. */
  public TestingRun rerun(String after) throws Exception {
    TestingRun rerun = ended(begin(), after + ", rerun");
    if (rerun.code() == HELD) {
      assertThat(heldLeases("5 s")).as(after + ": leases that are held for long").isZero();
      while (heldLeases("0 s") > 0) {
        Thread.sleep(20);
      }
      rerun = ended(begin(), after + ", second rerun");
    }
    return rerun;
  }

  /** The same command again ends in the state of the oracle. */
  public void assertRerunEndsItAll(String after) throws Exception {
    assertDone(rerun(after), after + ", rerun");
  }

  /** A run that nothing happened to, or nothing any more: the tables are as the oracle says. */
  public void assertDone(TestingRun run, String after) throws Exception {
    assertThat(run.code()).as(after + ": " + run.end()).isZero();
    assertThat(run.report().path("countsExact").booleanValue()).as(after).isTrue();
    tables.assertRight(after);
    assertLedgerIsRight(after);
    assertReported(run, Set.of(0), after);
    assertThat(heldLeases("0 s")).as(after + ": leases that are held").isZero();
    assertNothingLeft(after);
  }

  private long heldLeases(String longerThan) throws SQLException {
    return database.count(
        "SELECT count(*) FROM backfill.lease WHERE until > clock_timestamp() + interval '"
            + longerThan
            + "'");
  }

  /** Rows of each step that batches of these runs have changed. */
  private Map<String, Long> ledger(String runs) throws SQLException {
    return TestingLedger.isThere(database)
        ? numbers(
            "SELECT split_part(step, ' ', 1), sum(changed)::bigint FROM backfill.batch WHERE "
                + runs
                + " GROUP BY 1 HAVING sum(changed) > 0")
        : Map.of();
  }

  private Map<String, Long> numbers(String sql) throws SQLException {
    Map<String, Long> numbers = new TreeMap<>();
    database.rows(sql).forEach(row -> numbers.put((String) row.get(0), (Long) row.get(1)));
    return numbers;
  }

  @Override
  public void close() throws SQLException {
    tables.close();
  }
}
