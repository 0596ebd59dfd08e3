package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.demo.DemoData;
import backfill.demo.Scale;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A DefectDojo whose run something happens to, and what must hold then, and after the same command
 * again. What holds is counted by the server, in SQL that the job does not know.
 */
public final class TestingFaultedDojo implements AutoCloseable {
  /** Small batches, so that a write has many; a short lease, so that a rerun need not wait long. */
  private static final String[] SETTINGS = {
    "--set", "ledger.lease=2 s", "--set", "write.rows-per-batch=3"
  };

  private static final int HELD = 75;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** How many rows of each step's target have changed since the beginning. */
  private static final String CHANGED =
      """
      SELECT 'product-users', (SELECT count(*) FROM dojo_product_authorized_users) - products FROM before
      UNION ALL
      SELECT 'product-type-users', (SELECT count(*) FROM dojo_product_type_authorized_users) - types FROM before
      UNION ALL
      SELECT 'user-flags', count(*) FROM auth_user u JOIN user_before b USING (id)
      WHERE (u.is_superuser, u.is_staff) IS DISTINCT FROM (b.is_superuser, b.is_staff)
      """;

  public final TestingDatabase database;
  private final TestingAccess expected;

  private TestingFaultedDojo(TestingDatabase database, TestingAccess expected) {
    this.database = database;
    this.expected = expected;
  }

  public static TestingFaultedDojo on(TestingPostgres server) throws SQLException {
    TestingDatabase database = server.createDatabase();
    try (Connection connection = database.connection()) {
      DemoData.fill(connection, Scale.TINY);
      database.execute(
          "CREATE TABLE before AS SELECT (SELECT count(*) FROM dojo_product_authorized_users) AS products,"
              + " (SELECT count(*) FROM dojo_product_type_authorized_users) AS types",
          "CREATE TABLE user_before AS SELECT id, is_superuser, is_staff FROM auth_user");
      return new TestingFaultedDojo(database, TestingAccess.expected(connection));
    }
  }

  /** Starts a run in a process of its own, whose tasks are tried again. */
  public TestingProcess process() throws IOException {
    return TestingProcess.local("local[2,4]", database.environment(), TestingRun.DOJO, SETTINGS);
  }

  /** Begins a run in this JVM. */
  public CompletableFuture<TestingRun> begin() {
    return TestingRun.begin(database.environment(), TestingRun.DOJO, SETTINGS);
  }

  /** How many batches are in, of all runs. */
  public long batches() throws SQLException {
    return hasLedger() ? database.count("SELECT count(*) FROM backfill.batch") : 0;
  }

  long sessions() throws SQLException {
    return database.count("SELECT count(*)" + TestingGrants.SESSIONS);
  }

  /** What the ledger says is what the tables say, once nobody writes any more. */
  public void assertLedgerIsRight(String after) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (sessions() > 0) {
      assertThat(System.nanoTime()).as(after + ": its sessions end").isLessThan(end);
      Thread.sleep(5);
    }
    Map<String, Long> rows = numbers(CHANGED);
    rows.values().removeIf(changed -> changed == 0);
    assertThat(ledger("true")).as(after + ": the ledger's rows are the tables'").isEqualTo(rows);
  }

  /**
   * The run ended as the documentation says that it may, and its report counts what its own batches
   * did.
   */
  public void assertReported(TestingRun run, String after) throws SQLException {
    assertThat(run.code()).as(after + ": " + run).isIn(0, 3, 4, 6);
    if (run.code() != 0) {
      JsonNode error = run.report().path("error");
      assertThat(error.path("retryable").booleanValue()).as(after + ": " + error).isTrue();
    }
    if (!run.report().path("countsExact").booleanValue()) {
      return;
    }
    Map<String, Long> counted = new TreeMap<>();
    for (JsonNode step : run.report().path("steps")) {
      long changed = step.path("inserted").longValue() + step.path("updated").longValue();
      if (changed > 0) {
        counted.put(step.path("name").asText(), changed);
      }
    }
    assertThat(counted)
        .as(after + ": the report's counts are the ledger's")
        .isEqualTo(ledger("run_id = '" + run.runId() + "'"));
  }

  /** The same command again, as a scheduler would give it, ends in the state of the oracle. */
  public void assertRerunEndsItAll(String after) throws Exception {
    TestingRun rerun = begin().get();
    if (rerun.code() == HELD) {
      assertThat(heldLeases("5 s")).as(after + ": leases that are held for long").isZero();
      while (heldLeases("0 s") > 0) {
        Thread.sleep(20);
      }
      rerun = begin().get();
    }
    assertDone(rerun, after + ", rerun");
  }

  /** A run that nothing happened to, or nothing any more: the tables are as the oracle says. */
  public void assertDone(TestingRun run, String after) throws Exception {
    assertThat(run.code()).as(after + ": " + run).isZero();
    assertThat(run.report().path("countsExact").booleanValue()).as(after).isTrue();
    try (Connection connection = database.connection()) {
      assertThat(TestingAccess.present(connection)).as(after).isEqualTo(expected);
    }
    assertLedgerIsRight(after);
    assertReported(run, after);
    assertThat(heldLeases("0 s")).as(after + ": leases that are held").isZero();
  }

  private long heldLeases(String longerThan) throws SQLException {
    return database.count(
        "SELECT count(*) FROM backfill.lease WHERE until > clock_timestamp() + interval '"
            + longerThan
            + "'");
  }

  /** Rows of each step that batches of these runs have changed. */
  private Map<String, Long> ledger(String runs) throws SQLException {
    return hasLedger()
        ? numbers(
            "SELECT step, sum(changed)::bigint FROM backfill.batch WHERE "
                + runs
                + " GROUP BY step HAVING sum(changed) > 0")
        : Map.of();
  }

  private boolean hasLedger() throws SQLException {
    return database.count("SELECT count(to_regclass('backfill.batch'))") == 1;
  }

  private Map<String, Long> numbers(String sql) throws SQLException {
    Map<String, Long> numbers = new TreeMap<>();
    database.rows(sql).forEach(row -> numbers.put((String) row.get(0), (Long) row.get(1)));
    return numbers;
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
