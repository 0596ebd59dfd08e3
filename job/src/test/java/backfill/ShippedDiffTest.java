package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingApiKeys;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDiff;
import backfill.testing.TestingPackageOracle;
import backfill.testing.TestingPackages;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Of each plan that ships the diff has the rows by which its targets become what they are; a dry
 * run and the run after it have the same checksums, and the command diff finds nothing between
 * them, though moments and new uuids are others in each.
 */
class ShippedDiffTest {
  @TempDir private Path directory;

  /** A table that steps fill, with its key. */
  private record Target(String table, List<String> steps, String... key) {
    Map<Map<String, String>, Map<String, String>> rows(TestingDatabase database)
        throws SQLException {
      return TestingDiff.table(database, table, key);
    }
  }

  private void assertTold(
      BiFunction<String, String[], TestingRun> runs, TestingDatabase database, Target... targets)
      throws Exception {
    Path planned = directory.resolve("planned.jsonl.gz");
    Path written = directory.resolve("written.jsonl");
    List<Map<Map<String, String>, Map<String, String>>> before = new ArrayList<>();
    for (Target target : targets) {
      before.add(target.rows(database));
    }

    TestingRun plan = runs.apply("plan", new String[] {"--diff", planned.toString()});
    TestingRun run = runs.apply("run", new String[] {"--diff", written.toString()});

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(run.code()).as(run.said()).isZero();
    for (int i = 0; i < targets.length; i++) {
      Map<Map<String, String>, Map<String, String>> after = targets[i].rows(database);
      for (Map<String, String> row : before.get(i).values()) {
        after.values().stream()
            .limit(1)
            .forEach(made -> made.keySet().forEach(column -> row.putIfAbsent(column, null)));
      }
      List<JsonNode> rows = new ArrayList<>();
      for (String step : targets[i].steps()) {
        rows.addAll(TestingDiff.rows(written, step));
        assertThat(run.step(step).path("diffChecksum").asText())
            .as(step)
            .hasSize(32)
            .isNotEqualTo("0".repeat(32))
            .isEqualTo(plan.step(step).path("diffChecksum").asText());
        assertThat(run.step(step).path("diffRows")).isEqualTo(plan.step(step).path("diffRows"));
      }
      TestingDiff.assertSame(rows, before.get(i), after);
    }
    TestingRun compared = TestingRun.bare(Map.of(), "diff", planned.toString(), written.toString());
    assertThat(compared.line().path("different").asBoolean(true)).as(compared.said()).isFalse();
    assertThat(compared.line().path("comparison").path("inBoth").asInt()).isPositive();
  }

  @Test
  void prebuilds() throws Exception {
    try (TestingUpstream there =
        TestingUpstream.create("coder-prebuilds", "coder-prebuilds-membership")) {
      there.database.execute(
          "INSERT INTO users (id, email, username, is_system) VALUES"
              + " ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'prebuilds@system', 'prebuilds', true)",
          """
          INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
          SELECT md5('o' || n)::uuid, 'o' || n, '', now(), now(), 'o' || n FROM generate_series(1, 5) n;
          INSERT INTO templates (id, organization_id, name, active_version_id)
          SELECT md5('t' || n)::uuid, md5('o' || n)::uuid, 't', md5('v' || n)::uuid FROM generate_series(1, 4) n;
          INSERT INTO template_versions (id, template_id, organization_id, name)
          SELECT md5('v' || n)::uuid, md5('t' || n)::uuid, md5('o' || n)::uuid, 'v' FROM generate_series(1, 4) n;
          INSERT INTO template_version_presets (template_version_id, name, desired_instances)
          SELECT md5('v' || n)::uuid, 'p', n FROM generate_series(1, 4) n;
          """);

      assertTold(
          there::run,
          there.database,
          new Target(
              "organization_members",
              List.of("organization-members"),
              "organization_id",
              "user_id"),
          new Target("groups", List.of("groups"), "name", "organization_id"),
          new Target("group_members", List.of("group-members"), "user_id", "group_id"));
    }
  }

  @Test
  void apiKeys() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().random(7, 40)) {
      assertTold(
          (command, options) -> keys.run(command, options[0], options[1]),
          keys.database,
          new Target("api_keys", List.of("purge", "fill"), "id"));
    }
  }

  @Test
  void seats() throws Exception {
    try (TestingUpstream there =
        TestingUpstream.create("gitlab-seats", "gitlab-seat-assignments")) {
      there.database.execute(
          """
          INSERT INTO organizations SELECT generate_series(1, 3);
          INSERT INTO plans VALUES (1, 'free'), (2, 'premium'), (3, 'ultimate');
          INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
          SELECT r, 'Group', NULL, ARRAY[r], 1 + r / 10 % 3 FROM unnest('{10,20,30}'::bigint[]) r;
          INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id) VALUES (10, 3), (20, 2);
          INSERT INTO users (id, state, user_type) SELECT i, 'active', CASE i % 9 WHEN 8 THEN 6 ELSE 0 END
          FROM generate_series(1, 60) i;
          INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id)
          SELECT (ARRAY[5, 10, 30])[1 + i % 3], (ARRAY[10, 20, 30])[1 + i % 3], 'Namespace', i, 0
          FROM generate_series(1, 40) i;
          INSERT INTO subscription_seat_assignments
            (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)
          SELECT (ARRAY[10, 20, 30])[1 + i % 3], i, '2020-01-01', '2020-01-01', 1, i % 3 FROM generate_series(30, 50) i;
          """);

      assertTold(
          (command, options) ->
              there.run(
                  command,
                  options[0],
                  options[1],
                  "--set",
                  "params.seatless=delete",
                  "--set",
                  "allow-delete=true",
                  "--set",
                  "limits.surplus-percent=100"),
          there.database,
          new Target("subscription_seat_assignments", List.of("seats"), "namespace_id", "user_id"));
    }
  }

  @Test
  void packages() throws Exception {
    try (TestingPackages packages = TestingPackages.create()) {
      TestingPackageOracle oracle = new TestingPackageOracle(packages, new Random(11));
      oracle.fill();
      Target[] targets = {
        new Target("package_pipelines", List.of("package-pipelines"), "package_id", "pipeline_id"),
        new Target(
            "package_file_pipelines",
            List.of("package-file-pipelines"),
            "package_file_id",
            "pipeline_id"),
        new Target("package_original_pipelines", List.of("original-pipelines"), "package_id")
      };

      assertTold(packages::run, packages.main(), targets);
      oracle.change();
      assertTold(packages::run, packages.main(), targets);
    }
  }
}
