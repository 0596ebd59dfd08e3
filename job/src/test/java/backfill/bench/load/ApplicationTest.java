package backfill.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.bench.BenchServer;
import backfill.bench.DefectDojoCases;
import backfill.bench.Launch;
import backfill.bench.load.Application.Load;
import backfill.bench.load.LoadRun.Times;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingUpstreamTables;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application in the small: what it does, and what is measured beside it. */
class ApplicationTest {
  private static final String DATABASE = "backfill_bench_application";
  private static final Load LOAD = new Load(400, 2, 7);

  @TempDir Path directory;
  private TestingDatabase administration;
  private BenchServer server;

  @BeforeEach
  void create() throws Exception {
    administration = TestingPostgres.shared().createDatabase();
    server = BenchServer.at(administration.url(), administration.user(), administration.password());
  }

  @AfterEach
  void drop() throws Exception {
    server.drop(DATABASE);
    administration.close();
  }

  @Test
  void keepsTheListOfAuthorizedUsersRightAndWaitsAreNotLeftOut() throws Exception {
    LoadRun.fill(server, DefectDojoCases.tiny().parts().get(0), DATABASE);
    try (Connection connection = server.connect(DATABASE);
        Statement statement = connection.createStatement()) {
      statement.execute(TestingUpstreamTables.sql("defectdojo-peer"));
      long members = number(statement, "SELECT sum(id) FROM dojo_product_member");
      try (UserActions actions =
          new UserActions(server.connect(DATABASE), new SplittableRandom(1))) {
        for (int i = 0; i < 2_000; i++) {
          actions.next();
        }
      }

      assertThat(number(statement, "SELECT sum(id) FROM dojo_product_member"))
          .isNotEqualTo(members);
      assertThat(number(statement, "SELECT count(*) FROM auth_user WHERE last_login IS NOT NULL"))
          .isPositive();
      assertThat(
              number(
                  statement,
                  """
                  WITH given AS (
                    SELECT product_id, user_id FROM dojo_product_member
                    UNION SELECT g.product_id, m.user_id
                    FROM dojo_product_group g JOIN dojo_dojo_group_member m ON m.group_id = g.group_id),
                  listed AS (SELECT product_id, dojo_user_id FROM dojo_product_authorized_users)
                  SELECT (SELECT count(*) FROM (TABLE given EXCEPT TABLE listed) absent)
                       + (SELECT count(*) FROM (TABLE listed EXCEPT TABLE given) unfounded)
                  """))
          .isZero();

      Latencies latencies = lockedFor(statement, 300);
      assertThat(latencies.failures()).isEmpty();
      // Of two clients that wait two transactions alone would be slow; 120 were due meanwhile.
      long slow = 0;
      for (double share = 0.001; share <= 1; share += 0.001) {
        slow += latencies.percentileMillis(share) > 50 ? 1 : 0;
      }
      assertThat(slow * latencies.count() / 1000.0).isGreaterThan(40);
    }
  }

  /** Most transactions wait for the table for some milliseconds. */
  private Latencies lockedFor(Statement statement, int millis)
      throws SQLException, InterruptedException {
    try (Application application = Application.start(server, DATABASE, LOAD)) {
      statement.execute(
          "BEGIN; LOCK dojo_product_authorized_users;"
              + " SELECT pg_sleep("
              + millis / 1000.0
              + "); COMMIT");
      return application.stop();
    }
  }

  @Test
  void isMeasuredBesideEachWay() throws Exception {
    String job =
        """
        sleep 0.3
        printf '{"startedAt": "%s", "sessionReadyMs": 100, "durationMs": 400}' \
          "$(date -u -d '-0.3 sec' +%Y-%m-%dT%H:%M:%S.%NZ)" >"$4"
        case "$*" in *"throttle=off"*) exit 6 ;; esac
        """;
    LoadResult result = run(job, List.of(Beside.values()));

    assertThat(result.table()).extracting(row -> row.beside()).containsExactly(Beside.values());
    assertThat(result.table())
        .allSatisfy(
            row -> {
              assertThat(row.p50Millis()).isPositive();
              assertThat(row.p99Millis()).isGreaterThanOrEqualTo(row.p50Millis());
              assertThat(row.perSecond()).isBetween(100.0, 900.0);
              assertThat(row.failures()).isEmpty();
            });
    assertThat(result.row(Beside.THROTTLED).orElseThrow().backfillSeconds()).isEqualTo(0.3);
    assertThat(result.row(Beside.NOTHING).orElseThrow().backfillSeconds()).isNull();
    assertThat(result.saturated()).isGreaterThan(100);
    assertThat(result.problems())
        .containsExactly(
            "backfill run, throttle = off ended with exit code 6; "
                + directory.resolve("load.log")
                + " has what it said");
  }

  private LoadResult run(String job, List<Beside> besides) throws Exception {
    Launch launch = new Launch(List.of("sh", "-c", job, "job"), List.of(), "", directory);
    Times times = new Times(Duration.ofMillis(300), Duration.ofMillis(500));
    return new LoadRun(pinned(), DefectDojoCases.tiny(), launch, LOAD, times).run(besides, 1);
  }

  @Test
  void rerunsAreLookedAtOneByOne() throws Exception {
    Launch launch = new Launch(List.of(), List.of(), "", directory);
    String job = "while read line; do echo some table; echo RERUN 0 1000000; done";

    SoakResult result =
        new SoakRun(pinned(), DefectDojoCases.tiny(), launch, LOAD)
            .run(Duration.ofMillis(500), List.of("sh", "-c", job), Map.of());

    assertThat(result.samples())
        .hasSizeGreaterThan(5)
        .allSatisfy(
            sample -> {
              assertThat(sample.heapBytes()).isEqualTo(1_000_000);
              assertThat(sample.connections()).isZero();
              assertThat(sample.ledgerBytes()).isZero();
              assertThat(sample.targetBytes()).isPositive();
            });
    assertThat(result.failures()).isEmpty();
    assertThat(result.isFlat()).isTrue();
  }

  private PinnedServer pinned() {
    return new PinnedServer(server, new Cores(0, 1, "not pinned in a test"));
  }

  private static long number(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }
}
