package backfill.postgres.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reruns that change nothing do not fill the ledger, and what they leave there goes. */
class IdleRunsTest {
  private static final String IDLE =
      """
      INSERT INTO backfill.run (run_id, plan, plan_hash, now, labels, status, host, started_at, ended_at, report)
      SELECT md5('%1$s ' || n)::uuid, '%1$s', '', now(), '{}', 'succeeded', '%1$s ' || n,
             now() - n * interval '1 hour', now(), '{"command": "run", "steps": [{"kind": "ddl", "statements": 0}]}'
      FROM generate_series(1, %2$d) n""";

  private static final String HOSTS =
      "SELECT host FROM backfill.run WHERE host ~ '^(marks|others) ' ORDER BY host";

  @TempDir Path directory;
  private TestingDatabase database;
  private String plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE items (id int PRIMARY KEY, state text)",
        "INSERT INTO items SELECT n FROM generate_series(1, 9) n");
    plan =
        Files.writeString(
                directory.resolve("marks.conf"),
                """
                name = marks
                steps = [
                  { name = indexed, kind = ddl, creates = states, statement = "CREATE INDEX states ON items (state)" }
                  { name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x'" } }
                ]
                ledger.keep-runs = 20
                """)
            .toString();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run() {
    TestingRun run = TestingRun.here(database.environment(), plan);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private Set<Object> hosts() throws SQLException {
    Set<Object> hosts = new TreeSet<>();
    database.rows(HOSTS).forEach(row -> hosts.add(row.get(0)));
    return hosts;
  }

  @Test
  void newestIdleRunsStayAndWhateverChangedSomethingOrGoesOn() throws Exception {
    String first = run().runId();
    database.execute(
        "UPDATE backfill.run SET started_at = now() - interval '9 years'",
        IDLE.formatted("marks", 40),
        IDLE.formatted("others", 40),
        // Of an idle run's batches, whose rows were all rejected.
        """
        INSERT INTO backfill.batch (run_id, step, partition, after_key, last_key, rows, changed, kept, rejected, statements, retries)
        SELECT run_id, 'mark', 0, '', '', 1, CASE host WHEN 'marks 33' THEN 1 ELSE 0 END, 0, 1, 1, 0 FROM backfill.run
        WHERE host IN ('marks 30', 'marks 33', 'marks 5')""",
        """
        UPDATE backfill.run SET report = '{"command": "run", "steps": [{"kind": "ddl", "statements": 1}]}'
        WHERE host = 'marks 35'""",
        "UPDATE backfill.run SET status = 'running', report = NULL WHERE host IN ('marks 36', 'marks 37')",
        """
        INSERT INTO backfill.lease SELECT 'plan slow', run_id, 1, host, now(), now() + interval '1 hour'
        FROM backfill.run WHERE host = 'marks 36'""");

    TestingRun second = run();

    Set<Object> expected = new TreeSet<>();
    for (int n = 1; n <= 40; n++) {
      expected.add("others " + n);
    }
    // This run is the 20th that changed nothing.
    for (int n = 1; n <= 19; n++) {
      expected.add("marks " + n);
    }
    expected.addAll(Set.of("marks 33", "marks 35", "marks 36"));
    assertThat(hosts()).isEqualTo(expected);
    assertThat(
            database.rows(
                "SELECT count(*), count(r.run_id) FROM backfill.batch b LEFT JOIN backfill.run r USING (run_id)"
                    + " WHERE b.rejected = 1"))
        .hasToString("[[2, 2]]");
    assertThat(
            database.count(
                "SELECT count(*) FROM backfill.run WHERE run_id IN ('%s', '%s')"
                    .formatted(first, second.runId())))
        .isEqualTo(2);
    assertThat(second.warnings()).isEmpty();
    assertThat(TestingRun.of(database.environment(), "status", plan).code()).isZero();
  }

  @Test
  void roleThatMayNotDeleteIsToldSoAndRunsAllTheSame() throws Exception {
    run();
    database.execute(IDLE.formatted("marks", 40));
    try (TestingRole role = TestingRole.plain(database)) {
      database.execute(
          "GRANT USAGE ON SCHEMA backfill TO " + role.name,
          "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA backfill TO " + role.name,
          "GRANT CREATE ON SCHEMA public TO " + role.name,
          "ALTER TABLE items OWNER TO " + role.name);

      TestingRun run =
          TestingRun.of(role.environment(), "run", plan, "--set", "throttle.replica-lag=none");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings())
          .filteredOn(warning -> warning.contains("ledger"))
          .containsExactly(
              "the ledger grows with each run: of runs that changed nothing it keeps 20 (ledger.keep-runs), and role %1$s may not delete older ones; GRANT DELETE ON \"backfill\".run, \"backfill\".batch TO \"%1$s\""
                  .formatted(role.name));
      assertThat(hosts()).hasSize(40);
    }
  }
}
