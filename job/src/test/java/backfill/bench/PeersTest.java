package backfill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is written by hand gives the rows that the rules give, put in another way, over data that
 * has each case of them.
 */
class PeersTest {
  @TempDir Path directory;

  @Test
  void prebuildsEndAsTheRulesSay() throws Exception {
    BenchCase bench = Cases.coderPrebuildsMembership();
    try (TestingDatabase main = filled(bench, 0, 0.01)) {
      main.execute(Oracle.PREBUILDS);
      assertThat(main.count("SELECT count(*) FROM configured")).isBetween(10L, 19L);

      run(bench, bench.peers().get(0).name(), Map.of(Cases.MAIN, main));

      assertSame(main, "expected_members", bench.outcomes().get(0).query());
      assertSame(main, "expected_groups", bench.outcomes().get(1).query());
      assertSame(main, "expected_group_members", bench.outcomes().get(2).query());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"upstream's migration", "migration with an index lent"})
  void keysEndAsTheRulesSay(String peer) throws Exception {
    BenchCase bench = Cases.coderApiKeyScopes();
    try (TestingDatabase main = filled(bench, 0, 0.005)) {
      main.execute(Oracle.API_KEYS);
      assertThat(main.rows("SELECT DISTINCT isfinite(expires_at) FROM expected_keys")).hasSize(2);
      assertThat(main.count("SELECT count(*) FROM expected_keys WHERE expires_at < now()"))
          .isPositive();
      assertThat(main.count("SELECT count(*) FROM expected_tokens")).isBetween(1L, 999L);

      run(bench, peer, Map.of(Cases.MAIN, main));

      assertSame(main, "expected_keys", "SELECT * FROM api_keys");
      assertSame(main, "expected_tokens", "SELECT * FROM oauth2_provider_app_tokens");
      assertThat(
              main.count("SELECT count(*) FROM pg_enum WHERE enumtypid = 'api_key_scope'::regtype"))
          .isEqualTo(140);
    }
  }

  @Test
  void seatsEndAsTheRulesSay() throws Exception {
    BenchCase bench = Cases.gitlabSeatAssignments();
    try (TestingDatabase main = filled(bench, 0, 0.002)) {
      main.execute(Oracle.SEATS);
      assertThat(main.rows("SELECT DISTINCT kind FROM expected_seats ORDER BY kind"))
          .hasToString("[[as it was], [changed], [new]]");
      assertThat(
              main.rows(
                  "SELECT DISTINCT seat_type FROM expected_seats WHERE kind = 'new' ORDER BY 1"))
          .hasToString("[[0], [1], [2], [3]]");

      run(bench, bench.peers().get(0).name(), Map.of(Cases.MAIN, main));

      assertSame(
          main,
          "(SELECT namespace_id, user_id, organization_id, seat_type, last_activity_on,"
              + " kind <> 'new', kind = 'as it was' FROM expected_seats)",
          """
          SELECT namespace_id, user_id, organization_id, seat_type, last_activity_on,
                 created_at = timestamptz '2024-01-01 UTC', updated_at = timestamptz '2024-01-01 UTC'
          FROM subscription_seat_assignments""");
    }
  }

  @Test
  void packagesEndAsTheRulesSay() throws Exception {
    BenchCase bench = Cases.gitlabPackagePipelines();
    try (TestingDatabase main = filled(bench, 0, 0.001);
        TestingDatabase ci = filled(bench, 1, 0.001);
        TestingDatabase both = filled(bench, 0, 0.001)) {
      try (Connection connection = both.connection()) {
        BenchData.fill(connection, bench.parts().get(1), 0.001);
      }
      both.execute(Oracle.PACKAGES);
      assertThat(
              both.rows(
                  "SELECT DISTINCT build_info_count > 1, user_id IS NULL FROM package_pipelines"))
          .hasSize(4);
      assertThat(both.count(Oracle.MORE_THAN_NEWEST)).isPositive();
      assertThat(both.count(Oracle.NO_ORIGINAL)).isPositive();

      run(bench, bench.peers().get(0).name(), Map.of(Cases.MAIN, main, Cases.CI, ci));

      for (BenchCase.Outcome outcome : bench.outcomes()) {
        String sorted = outcome.query() + " ORDER BY 1, 2";
        assertThat(main.rows(sorted)).isNotEmpty().isEqualTo(both.rows(sorted));
      }
    }
  }

  /** The pairs are as many as other ways found over the same rows. */
  @Test
  void permissionsEndWithAsManyPairsAsElsewhere() throws Exception {
    BenchCase bench = Bench.named("defectdojo-S1");
    try (TestingDatabase main = filled(bench, 0, 1)) {
      run(bench, bench.peers().get(0).name(), Map.of(Cases.MAIN, main));

      assertThat(
              main.count("SELECT count(*) FROM dojo_product_authorized_users")
                  + main.count("SELECT count(*) FROM dojo_product_type_authorized_users"))
          .isEqualTo(85_845);
    }
  }

  /** The floor writes what it read with its own query, in two ranges; Django, where it is there. */
  @Test
  void otherWaysOfPermissionsEndLikeSortedSql() throws Exception {
    BenchCase tiny = DefectDojoCases.tiny();
    List<List<List<Object>>> ends = new ArrayList<>();
    for (Peer peer : tiny.peers()) {
      if (peer.on() == Peer.On.OURS) {
        continue;
      }
      try (TestingDatabase main = filled(tiny, 0, 1)) {
        if (peer.program() instanceof Peer.InJava) {
          run(tiny, peer.name(), Map.of(Cases.MAIN, main));
        } else if (peer.program() instanceof Peer.InPython python
            && Python.with(python.modules()).isPresent()) {
          runPython(python, main);
        } else {
          continue;
        }
        ends.add(
            main.rows(
                """
                SELECT 'product', product_id, dojo_user_id FROM dojo_product_authorized_users
                UNION ALL
                SELECT 'type', product_type_id, dojo_user_id FROM dojo_product_type_authorized_users
                ORDER BY 1, 2, 3"""));
      }
    }

    assertThat(ends).hasSizeGreaterThanOrEqualTo(3);
    assertThat(ends.get(0)).hasSizeGreaterThan(100);
    assertThat(ends).allSatisfy(end -> assertThat(end).isEqualTo(ends.get(0)));
  }

  /** Known by a uuid, they are as many, and the same. */
  @Test
  void keysOfAnotherTypeGiveTheSamePairs() throws Exception {
    BenchCase bench = DefectDojoCases.tiny();
    BenchCase.Part part = DefectDojoCases.byUuid(bench.parts().get(0));
    String peer = bench.peers().get(0).name();
    try (TestingDatabase numbers = filled(bench, 0, 1);
        TestingDatabase uuids = TestingPostgres.shared().createDatabase()) {
      try (Connection connection = uuids.connection()) {
        BenchData.fill(connection, part, 1);
      }
      run(bench, peer, Map.of(Cases.MAIN, numbers));
      run(bench, peer, Map.of(Cases.MAIN, uuids));

      assertThat(
              uuids.rows(
                  "SELECT product_id::text, dojo_user_id::text FROM dojo_product_authorized_users ORDER BY 1, 2"))
          .isNotEmpty()
          .isEqualTo(
              numbers.rows(
                  """
                  SELECT md5(product_id::text)::uuid::text, md5(dojo_user_id::text)::uuid::text
                  FROM dojo_product_authorized_users ORDER BY 1, 2"""));
      String keys =
          """
          SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
          WHERE contype = 'f' ORDER BY 1, 2""";
      assertThat(uuids.rows(keys)).isNotEmpty().isEqualTo(numbers.rows(keys));
    }
  }

  private void runPython(Peer.InPython python, TestingDatabase main) throws Exception {
    TimedProcess process =
        TimedProcess.run(
            List.of(
                Python.with(python.modules()).orElseThrow(), python.script(directory).toString()),
            main.environment(),
            directory.resolve("python.log"));
    assertThat(process.exitCode()).as(() -> said()).isZero();
    assertThat(Long.parseLong(process.lastLine())).isPositive();
  }

  private String said() {
    try {
      return Files.readString(directory.resolve("python.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static TestingDatabase filled(BenchCase bench, int part, double scale)
      throws SQLException {
    TestingDatabase database = TestingPostgres.shared().createDatabase();
    try (Connection connection = database.connection()) {
      BenchData.fill(connection, bench.parts().get(part), scale);
    }
    return database;
  }

  private static void run(BenchCase bench, String peer, Map<String, TestingDatabase> databases)
      throws Exception {
    try (Connections connections = new Connections(prefix -> databases.get(prefix).connection())) {
      Peer.Work work = ((Peer.InJava) bench.peer(peer).program()).work();
      work.prepare(connections);
      work.run(connections);
    }
  }

  /** Duplicates count. */
  private static void assertSame(TestingDatabase database, String expected, String actual)
      throws SQLException {
    String from = expected.startsWith("(") ? expected + " e" : expected;
    for (List<String> difference :
        List.of(
            List.of("absent", "SELECT * FROM " + from, actual),
            List.of("not expected", actual, "SELECT * FROM " + from))) {
      assertThat(
              database.rows(
                  "(%s) EXCEPT ALL (%s) LIMIT 5".formatted(difference.get(1), difference.get(2))))
          .as("%s in %s", difference.get(0), expected)
          .isEmpty();
    }
  }
}
