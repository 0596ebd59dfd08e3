package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.PlanFile;
import backfill.testing.TestingDojo;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the plans that ship must never do: each check refuses data, or a change of the plan, that
 * breaks what it says, and nothing else.
 */
class ShippedChecksTest {
  /** An organization with a template that wants prebuilt workspaces, and their system user. */
  private static final String PREBUILDS =
      """
      INSERT INTO users (id, email, username, is_system)
      VALUES ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'prebuilds@system', 'prebuilds', true);
      INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
      VALUES ('00000000-0000-0000-0000-0000000000b2', 'o', '', now(), now(), 'o');
      INSERT INTO templates (id, organization_id, name, active_version_id)
      VALUES ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000b2', 't',
        '00000000-0000-0000-0000-0000000000c3');
      INSERT INTO template_versions (id, template_id, organization_id, name)
      VALUES ('00000000-0000-0000-0000-0000000000c3', '00000000-0000-0000-0000-0000000000a1',
        '00000000-0000-0000-0000-0000000000b2', 'v');
      INSERT INTO template_version_presets (template_version_id, name, desired_instances)
      VALUES ('00000000-0000-0000-0000-0000000000c3', 'p', 1)""";

  @TempDir private Path directory;

  /** A shipped plan with a mistake in it. */
  private TestingRun changed(
      Map<String, String> environment, String plan, String before, String after) throws Exception {
    String text = PlanFile.shippedText(plan).orElseThrow();
    assertThat(text).contains(before);
    Path file = directory.resolve(plan + ".conf");
    Files.writeString(file, text.replace(before, after));
    return TestingRun.of(environment, "run", file);
  }

  private static void assertRefused(TestingRun run, String message) {
    assertThat(run.code()).as(run.said()).isEqualTo(5);
    assertThat(run.report().path("error").path("message").asText()).isEqualTo(message);
  }

  private static void assertPasses(TestingRun run, String never) {
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("never").toString()).isEqualTo(never);
  }

  @Test
  void noReaderIsMadeSuperuser() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.globalRoleUser("u1", "Reader").globalRoleUser("u2", "Owner").user("u3");
      there.dojo.group("g1", "u3").globalRoleGroup("g1", "Owner");
      long reader = there.database.count("SELECT id FROM auth_user WHERE username = 'u1'");

      assertRefused(
          changed(
              there.database.environment(),
              TestingRun.DOJO,
              "bool_or(h.name = 'Owner')",
              "bool_or(h.name IN ('Owner', 'Reader'))"),
          "never superuser-without-owner gives 1 row, and must give none: (id) = (%d). Nothing was written"
              .formatted(reader));
      assertThat(there.database.count("SELECT count(*) FROM auth_user WHERE is_superuser"))
          .isZero();
      assertPasses(there.run("run"), "{\"superuser-without-owner\":0}");
      assertThat(there.database.count("SELECT count(*) FROM auth_user WHERE is_superuser"))
          .isEqualTo(2);
    }
  }

  @Test
  void noSeatIsOneOfNoRootGroup() throws Exception {
    try (TestingUpstream there =
        TestingUpstream.create("gitlab-seats", "gitlab-seat-assignments")) {
      there.database.execute(
          """
          INSERT INTO organizations SELECT 1;
          INSERT INTO plans VALUES (3, 'ultimate');
          INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
          VALUES (10, 'Group', NULL, '{10}', 1), (50, 'User', NULL, '{50}', 1);
          INSERT INTO projects (id, namespace_id, project_namespace_id, organization_id) VALUES (50, 50, 0, 1);
          INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id) VALUES (10, 3);
          INSERT INTO users (id, state, user_type) VALUES (1, 'active', 0);
          INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id)
          VALUES (30, 10, 'Namespace', 1, 0), (30, 50, 'Project', 1, 0);
          """);

      assertRefused(
          changed(
              there.database.environment(),
              "gitlab-seat-assignments",
              "WHERE m.in_root_group",
              "WHERE m.root_id IS NOT NULL"),
          "never seat-of-no-root gives 1 row, and must give none: (namespace_id, user_id) = (50, 1). Nothing was written");
      assertRefused(
          changed(
              there.database.environment(),
              "gitlab-seat-assignments",
              "SELECT s.namespace_id, s.organization_id, s.user_id,",
              "SELECT s.namespace_id, s.organization_id, s.user_id + 1 AS user_id,"),
          "never seat-of-no-member gives 1 row, and must give none: (namespace_id, user_id) = (10, 2). Nothing was written");
      assertPasses(there.run("run"), "{\"seat-of-no-root\":0,\"seat-of-no-member\":0}");
      assertThat(there.database.count("SELECT count(*) FROM subscription_seat_assignments"))
          .isEqualTo(1);
    }
  }

  @Test
  void noOrganizationWithoutATemplateGetsTheSystemUser() throws Exception {
    try (TestingUpstream there =
        TestingUpstream.create("coder-prebuilds", "coder-prebuilds-membership")) {
      there.database.execute(PREBUILDS);
      assertRefused(
          changed(
              there.database.environment(),
              "coder-prebuilds-membership",
              "SELECT DISTINCT t.organization_id",
              "SELECT DISTINCT t.id AS organization_id"),
          "never organization-without-template gives 1 row, and must give none: (organization_id) ="
              + " (00000000-0000-0000-0000-0000000000a1). Nothing was written");
      assertPasses(there.run("run"), "{\"organization-without-template\":0}");
    }
  }
}
