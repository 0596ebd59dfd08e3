package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingApiKeys;
import backfill.testing.TestingRun;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Coder's plan on Coder's tables, with upstream's own statements as the oracle. */
class ApiKeysTest {

  /** What earlier steps are to make is not there before the run, which is no mistake. */
  @Test
  void dryRunSaysWhatEachStepHasToDo() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create()) {
      TestingRun plan = keys.run("plan");

      assertThat(plan.code()).as(plan.said()).isZero();
      assertThat(plan.said())
          .contains("diff scopes: to do: api_keys.scopes is not there\n")
          .contains(
              "diff required: to do: api_keys.scopes is not there yet, api_keys.allow_list is not there yet\n")
          .doesNotContain("step required:");
    }
  }

  @Test
  void everyCaseOfUpstreamsRules() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create()) {
      keys.key("long-gone", "now() - interval '8 days'", "all")
          .key("just-gone", "now() - interval '6 days'", "all")
          .key("in-use", "now() + interval '1 day'", "application_connect")
          .key("for-ever", "'infinity'", "all")
          .key("never", "'-infinity'", "all")
          .token("long-gone")
          .token("long-gone")
          .token("in-use");
      TestingRun run = keys.run("run");
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(
              keys.database.rows(
                  "SELECT id, scopes::text, allow_list::text, updated_at = '2025-01-02', lifetime_seconds"
                      + " FROM api_keys ORDER BY id"))
          .containsExactly(
              List.of("for-ever", "{all}", "{*:*}", true, 86400L),
              List.of("in-use", "{application_connect}", "{*:*}", true, 86400L),
              List.of("just-gone", "{all}", "{*:*}", true, 86400L));
      assertThat(run.counts("purge", "planned", "toDelete", "deleted", "rejected", "missing"))
          .containsExactly(2L, 2L, 2L, 0L, 0L);
      assertThat(run.step("purge").path("cascaded").path("oauth2_provider_app_tokens").asLong())
          .isEqualTo(2);
      assertThat(run.counts("fill", "planned", "toUpdate", "updated", "rejected", "missing"))
          .containsExactly(3L, 3L, 3L, 0L, 0L);
      assertThat(keys.database.count("SELECT count(*) FROM oauth2_provider_app_tokens")).isOne();
    }
  }

  @Test
  void randomKeysEndAsUpstreamLeavesThemAndTheDryRunSaidSo() throws Exception {
    long seed = new Random().nextLong();
    try (TestingApiKeys keys = TestingApiKeys.create().random(seed, 60);
        TestingApiKeys oracle = keys.copy().migrate()) {
      List<List<Object>> before = keys.rows();
      TestingRun plan = keys.run("plan");
      assertThat(plan.code()).as(plan.said()).isZero();
      assertThat(keys.rows()).as("seed " + seed).isEqualTo(before);

      TestingRun run = keys.run("run", "--set", "write.rows-per-batch=7");
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(keys.rows()).as("seed " + seed).isEqualTo(oracle.rows());
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
      assertThat(plan.counts("purge", "toDelete")).isEqualTo(run.counts("purge", "deleted"));
      assertThat(plan.step("purge").path("cascaded")).isEqualTo(run.step("purge").path("cascaded"));
      assertThat(plan.counts("fill", "toUpdate")).isEqualTo(run.counts("fill", "updated"));

      TestingRun again = keys.run("run");
      assertThat(again.code()).isZero();
      assertThat(again.said()).contains("only-if is false: the plan does not apply here");
      assertThat(keys.rows()).isEqualTo(oracle.rows());
    }
  }

  @Test
  void withoutKeysTheSchemaChangesAllTheSame() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create();
        TestingApiKeys oracle = TestingApiKeys.create().migrate()) {
      TestingRun run = keys.run("run");
      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.step("token-index").path("status").asText()).isEqualTo("skipped");
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
    }
  }

  @Test
  void keysOfTheOldApplicationBetweenTwoRunsGetTheirOwnScope() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().key("one", "'infinity'", "all")) {
      assertThat(keys.run("run", "--until", "fill").code()).isZero();
      keys.key("two", "'infinity'", "application_connect");
      assertThat(keys.run("run", "--until", "fill").code()).isZero();
      keys.key("three", "'infinity'", "application_connect").key("four", "'infinity'", "all");
      TestingRun rest = keys.run("run");
      assertThat(rest.code()).as(rest.said()).isZero();
      assertThat(rest.counts("fill", "updated")).containsExactly(2L);
      assertThat(keys.database.rows("SELECT id, scopes::text FROM api_keys ORDER BY id"))
          .containsExactly(
              List.of("four", "{all}"),
              List.of("one", "{all}"),
              List.of("three", "{application_connect}"),
              List.of("two", "{application_connect}"));
    }
  }

  @Test
  void rerunFromEveryStepOnGivesTheSame() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().random(7, 20);
        TestingApiKeys oracle = keys.copy().migrate()) {
      for (String step :
          List.of(
              "token-index",
              "purge",
              "token-index-gone",
              "scope-values",
              "scopes",
              "allow-list",
              "fill",
              "required")) {
        TestingRun run = keys.run("run", "--until", step);
        assertThat(run.code()).as(step + ": " + run.said()).isZero();
      }
      assertThat(keys.run("run").code()).isZero();
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
      assertThat(keys.rows()).isEqualTo(oracle.rows());
    }
  }

  /** What most do: the purge ahead of the upgrade, and the rest by Coder itself. */
  @Test
  void purgeAheadLeavesTheRestToUpstreamsMigration() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().random(11, 60);
        TestingApiKeys whole = keys.copy();
        TestingApiKeys alone = keys.copy().at(362)) {
      keys.at(362);
      TestingRun purge = keys.run("run", "--until", "token-index-gone");
      assertThat(purge.code()).as(purge.said()).isZero();
      assertThat(purge.counts("purge", "deleted").get(0)).isPositive();
      assertThat(keys.database.rows("SELECT to_regclass('backfill_tokens_api_key_id')::text"))
          .hasToString("[[null]]");

      keys.upgrade();
      alone.upgrade();
      assertThat(whole.run("run").code()).isZero();

      assertThat(keys.rows()).isEqualTo(whole.rows()).isEqualTo(alone.rows());
      whole.at(376);
      assertThat(keys.schema())
          .containsExactlyElementsOf(whole.schema())
          .containsExactlyElementsOf(alone.schema());
      assertThat(keys.run("run").said()).contains("only-if is false");
    }
  }

  @Test
  void behindTheWholePlanUpstreamsMigratorMustBeToldThatItsOwnIsDone() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().random(12, 20).at(370)) {
      assertThat(keys.run("run").code()).isZero();
      List<List<Object>> before = keys.rows();

      assertThatThrownBy(keys::upgrade)
          .hasMessageContaining("column \"scopes\" of relation \"api_keys\" already exists");
      assertThat(keys.rows()).isEqualTo(before);

      String page = String.join(" ", TestingRun.bare(Map.of(), "help", TestingApiKeys.PLAN).out());
      String told = "UPDATE schema_migrations SET version = 371, dirty = false";
      assertThat(page).containsIgnoringWhitespaces(told);
      keys.database.execute(told);
      keys.upgrade();
      assertThat(keys.rows()).isEqualTo(before);
    }
  }

  @Test
  void lentIndexLeadsTheCascadeAndIsGoneAfterwards() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().many(4_000)) {
      keys.database.execute("ANALYZE");
      TestingRun purged = keys.run("run", "--until", "purge");
      assertThat(purged.code()).as(purged.said()).isZero();
      assertThat(purged.step("purge").path("cascaded").path("oauth2_provider_app_tokens").asLong())
          .isEqualTo(1_000);
      // PostgreSQL 14 counts a moment later.
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (scans(keys) < 2_000 && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(scans(keys)).isGreaterThanOrEqualTo(2_000);
      assertThat(keys.run("run", "--only", "token-index-gone").code()).isZero();
      assertThat(
              keys.database.rows("SELECT to_regclass('backfill_tokens_api_key_id')::text").get(0))
          .containsExactly((Object) null);
    }
  }

  private static long scans(TestingApiKeys keys) throws SQLException {
    return keys.database.count(
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'backfill_tokens_api_key_id'");
  }
}
