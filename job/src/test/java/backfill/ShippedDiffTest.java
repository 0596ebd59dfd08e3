package backfill;

import backfill.testing.TestingApiKeys;
import backfill.testing.TestingToldRun;
import backfill.testing.TestingToldRun.Target;
import backfill.testing.TestingUpstream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Of plans that ship the diff has the rows by which their targets become what they are. {@link
 * AccessDiffTest} and {@link PackagePipelinesTest} hold the others to that.
 */
class ShippedDiffTest {
  @TempDir private Path directory;

  /** Five organizations, of which four want prebuilt workspaces. */
  static TestingUpstream prebuildsWanted() throws SQLException {
    TestingUpstream there = TestingUpstream.create("coder-prebuilds", "coder-prebuilds-membership");
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
    return there;
  }

  /** Forty members of three root groups, and seats of whom some are right. */
  static TestingUpstream seatsTaken() throws SQLException {
    TestingUpstream there = TestingUpstream.create("gitlab-seats", "gitlab-seat-assignments");
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
    return there;
  }

  @Test
  void prebuilds() throws Exception {
    try (TestingUpstream there = prebuildsWanted()) {
      TestingToldRun.of(
          directory,
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
      TestingToldRun.of(
          directory,
          (command, options) -> keys.run(command, options[0], options[1]),
          keys.database,
          new Target("api_keys", List.of("purge", "fill"), "id"));
    }
  }

  @Test
  void seats() throws Exception {
    try (TestingUpstream there = seatsTaken()) {
      TestingToldRun.of(
          directory,
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
}
