package backfill.postgres.change;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.TestingPreflight;
import backfill.testing.TestingCommitProxy;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What verify makes of rows that are left, by when they came. */
class InPlaceRunTest {
  private static final String PLAN =
      """
      name = small
      steps = [{ name = mark, kind = batches, table = t, where = "x IS NULL", set = { x = "1" } }]
      """;

  private static FoundChangeTargets changes(Database database, Plan plan) {
    try (Preflight preflight =
        Preflight.open(plan, plan.steps(), NamedDatabases.only(database), "backfill test")) {
      preflight.check((asked, tables, known) -> Shapes.NONE);
      return preflight.changes();
    }
  }

  private static InPlaceRun opened(Database database, Plan plan, FoundChangeTargets changes)
      throws SQLException {
    return new InPlaceRun(
        new ChangeScope(database, "backfill test", plan, "2026-01-01 00:00:00+00", plan.steps()),
        changes,
        (Step.InPlace) plan.steps().get(0),
        Optional.empty(),
        0);
  }

  @Test
  void rowThatCameAfterTheLastLookIsAddedMeanwhileAndOneThatWasThereIsMissing() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().createDatabase()) {
      there.execute(
          "CREATE TABLE t (id int PRIMARY KEY, x int)",
          "INSERT INTO t SELECT n FROM generate_series(1, 10) n");
      Plan plan = PlanFile.read("test.conf", PLAN, List.of(), "1.0");
      Database database = TestingPreflight.database(there.environment());
      FoundChangeTargets changes = changes(database, plan);
      try (InPlaceRun run = opened(database, plan, changes)) {
        run.run(() -> {});
        assertThat(run.counts().changed()).isEqualTo(10);
        assertThat(run.verify()).isEqualTo(new InPlaceRun.Remaining(0, 0));
        there.execute("INSERT INTO t VALUES (11, NULL)", "UPDATE t SET x = NULL WHERE id = 3");
        assertThat(run.verify()).isEqualTo(new InPlaceRun.Remaining(0, 2));
      }
      try (InPlaceRun other = opened(database, plan, changes)) {
        assertThat(other.verify()).isEqualTo(new InPlaceRun.Remaining(2, 0));
      }
    }
  }

  @Test
  void batchWhoseCommitGotNoAnswerIsCountedOnce() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().createDatabase();
        TestingCommitProxy proxy =
            TestingCommitProxy.to(there.url(), TestingCommitProxy.Cut.BEFORE_THE_ANSWER)) {
      there.execute(
          "CREATE TABLE t (id int PRIMARY KEY, x int)",
          "INSERT INTO t SELECT n FROM generate_series(1, 30) n",
          "CREATE TABLE versions (id int)",
          "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
              + " INSERT INTO versions VALUES (NEW.id); RETURN NULL; END $$",
          "CREATE TRIGGER note AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()");
      Plan plan = PlanFile.read("test.conf", PLAN, List.of("write.rows-per-batch=7"), "1.0");
      Map<String, String> environment = new HashMap<>(there.environment());
      environment.put("BACKFILL_URL", proxy.url(there.url()));
      Database database = TestingPreflight.database(environment);
      FoundChangeTargets changes = changes(database, plan);
      try (InPlaceRun run = opened(database, plan, changes)) {
        proxy.cutNext(3);
        run.run(() -> {});
        assertThat(proxy.left()).isZero();
        assertThat(run.counts().changed()).isEqualTo(30);
        assertThat(there.count("SELECT count(*) FROM versions")).isEqualTo(30);
      }
    }
  }
}
