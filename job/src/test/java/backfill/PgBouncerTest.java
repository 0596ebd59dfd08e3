package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import backfill.testing.TestingAccess;
import backfill.testing.TestingApiKeys;
import backfill.testing.TestingBouncer;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPackageOracle;
import backfill.testing.TestingPackages;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeats;
import backfill.testing.TestingUpstream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Each plan that ships, run by way of a real PgBouncer in transaction mode: its targets are as
 * plain SQL says, and in no session of the server is anything of ours left, or of another client
 * changed.
 */
class PgBouncerTest {
  private static final int SESSIONS = 6;

  /**
   * A prepared statement with a name would be looked for in another session: no URL gives it one.
   */
  private static final String BY_NAME = "?prepareThreshold=1&readOnlyMode=always";

  /** What another client has in a session, none of it what the server starts one with. */
  private static final String[] THEIRS = {
    "SET work_mem = '7MB'",
    "SET bytea_output = 'escape'",
    "SET extra_float_digits = 0",
    "PREPARE theirs AS SELECT 1",
    "CREATE TEMP TABLE theirs (n int)"
  };

  private static TestingDatabase server;
  private static TestingBouncer bouncer;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        TestingBouncer.program().isPresent(),
        "no PgBouncer on the PATH, nor in BACKFILL_TEST_PGBOUNCER: install the package pgbouncer");
    server = TestingPostgres.shared().createDatabase();
    bouncer = TestingBouncer.start(server, SESSIONS);
  }

  @AfterAll
  static void stop() throws Exception {
    if (bouncer != null) {
      bouncer.close();
      server.close();
    }
  }

  /** Runs a plan by way of the pooler, and looks at every session before and after. */
  private static TestingRun run(
      List<TestingDatabase> databases,
      Map<String, String> environment,
      String plan,
      String... options)
      throws Exception {
    Map<TestingDatabase, Map<Integer, List<String>>> before = new LinkedHashMap<>();
    for (TestingDatabase database : databases) {
      before.put(database, bouncer.kept(database, THEIRS));
    }
    List<String> words = new ArrayList<>(List.of("run", plan));
    words.addAll(List.of(options));

    TestingRun run =
        TestingRun.of(bouncer.environment(environment, BY_NAME), words.toArray(String[]::new));

    assertThat(run.code()).as(run.said()).isZero();
    for (TestingDatabase database : databases) {
      assertSame(database, before.get(database));
    }
    return run;
  }

  /** The same sessions, with what they had: said in what is another. */
  private static void assertSame(TestingDatabase database, Map<Integer, List<String>> before)
      throws Exception {
    Map<Integer, List<String>> after = bouncer.kept(database);
    assertThat(after.keySet()).as(bouncer.log()).isEqualTo(before.keySet()).hasSize(SESSIONS);
    List<String> changes = new ArrayList<>();
    after.forEach(
        (pid, kept) -> {
          kept.stream()
              .filter(each -> !before.get(pid).contains(each))
              .forEach(each -> changes.add(pid + " has now " + each));
          before.get(pid).stream()
              .filter(each -> !kept.contains(each))
              .forEach(each -> changes.add(pid + " has no more " + each));
        });
    assertThat(changes).isEmpty();
  }

  @Test
  void defectDojo() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      TestingRandomGrants.fill(there.connection, TestingRandomGrants.anySeed());
      TestingAccess expected = TestingAccess.expected(there.connection);

      run(List.of(there.database), there.database.environment(), TestingRun.DOJO);

      assertThat(TestingAccess.present(there.connection)).isEqualTo(expected);
    }
  }

  @Test
  void prebuilds() throws Exception {
    try (TestingUpstream there = ShippedDiffTest.prebuildsWanted()) {
      run(
          List.of(there.database),
          there.database.environment(),
          "coder-prebuilds-membership",
          "--set",
          "write.rows-per-batch=2");

      assertThat(there.database.rows(PrebuildsTest.EXPECTED))
          .hasSize(5)
          .satisfies(
              rows -> assertThat(rows.subList(0, 4)).allMatch(row -> row.get(7).equals(true)))
          .satisfies(rows -> assertThat(rows.get(4).get(7)).isEqualTo(false));
    }
  }

  @Test
  void apiKeys() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().random(16, 60);
        TestingApiKeys oracle = keys.copy().migrate()) {
      run(
          List.of(keys.database),
          keys.database.environment(),
          TestingApiKeys.PLAN,
          "--set",
          "write.rows-per-batch=7");

      assertThat(keys.rows()).isEqualTo(oracle.rows());
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
    }
  }

  @Test
  void packagesWithTheirSecondDatabase() throws Exception {
    try (TestingPackages packages = TestingPackages.create()) {
      TestingPackageOracle oracle = new TestingPackageOracle(packages, new Random(16));
      oracle.fill();

      run(
          List.of(packages.main(), packages.ci()),
          packages.environment(),
          TestingPackages.PLAN,
          "--set",
          "read.keys-per-query=50");

      oracle.assertRight(20);
    }
  }

  @Test
  void seats() throws Exception {
    try (TestingUpstream there = ShippedDiffTest.seatsTaken()) {
      run(
          List.of(there.database),
          there.database.environment(),
          "gitlab-seat-assignments",
          "--set",
          "params.seatless=delete",
          "--set",
          "allow-delete=true",
          "--set",
          "limits.surplus-percent=100");

      assertThat(there.database.rows(TestingSeats.HELD))
          .isNotEmpty()
          .isEqualTo(there.database.rows(TestingSeats.EXPECTED.formatted("false")));
    }
  }
}
