package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingApiKeys;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingLegalRows;
import backfill.testing.TestingPackageOracle;
import backfill.testing.TestingPackages;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstream;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * No expression of a shipped plan fails on a row that the application's tables let in, and its
 * result is that of plain SQL: over random rows with the defaults, NULLs and ends of every column.
 */
class LegalDataTest {
  private final long seed = TestingRandomGrants.anySeed();
  private final Random random = new Random(seed);

  private void assertSame(TestingDatabase database, List<List<Object>> expected, String present)
      throws SQLException {
    assertThat(database.rows(present)).as("seed " + seed).isEqualTo(expected);
  }

  private void assertWell(TestingRun run) {
    assertThat(run.code()).as("seed " + seed + "\n" + run.said()).isZero();
  }

  @Test
  void defectDojosAccessIsThatOfSql() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      TestingLegalRows rows =
          new TestingLegalRows(
              there.database, random, Map.of("text", List.of("Owner", "owner", "Writer ", "c")));
      rows.into("auth_user", 40);
      for (String table :
          List.of("dojo_role", "dojo_product_type", "dojo_product", "dojo_dojo_group")) {
        rows.into(table, 40, table.equals("dojo_dojo_group") ? "auth_group_id" : "");
      }
      for (String table :
          List.of(
              "dojo_dojo_group_member",
              "dojo_global_role",
              "dojo_product_member",
              "dojo_product_type_member",
              "dojo_product_group",
              "dojo_product_type_group")) {
        rows.into(table, 80);
      }
      rows.into("dojo_product_authorized_users", 20, "id");
      rows.into("dojo_product_type_authorized_users", 20, "id");
      List<List<Object>> products = pairs(there.database, "product");
      List<List<Object>> types = pairs(there.database, "product_type");
      List<List<Object>> flags =
          there.database.rows(
              """
              WITH holder AS (
                SELECT g.user_id, r.name FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
                UNION SELECT m.user_id, r.name FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
                JOIN dojo_dojo_group_member m ON m.group_id = g.group_id)
              SELECT id, is_superuser OR EXISTS (SELECT FROM holder WHERE user_id = u.id AND name = 'Owner'),
                is_staff OR EXISTS (SELECT FROM holder WHERE user_id = u.id
                                    AND name IN ('Writer', 'Maintainer', 'API_Importer'))
              FROM auth_user u ORDER BY id""");

      assertWell(there.run("run"));

      String present = "SELECT %1$s_id, dojo_user_id FROM dojo_%1$s_authorized_users ORDER BY 1, 2";
      assertSame(there.database, products, present.formatted("product"));
      assertSame(there.database, types, present.formatted("product_type"));
      assertSame(
          there.database, flags, "SELECT id, is_superuser, is_staff FROM auth_user ORDER BY id");
    }
  }

  private static List<List<Object>> pairs(TestingDatabase database, String of) throws SQLException {
    return database.rows(
        """
        SELECT %1$s_id, dojo_user_id FROM dojo_%1$s_authorized_users
        UNION SELECT %1$s_id, user_id FROM dojo_%1$s_member
        UNION SELECT g.%1$s_id, m.user_id FROM dojo_%1$s_group g
          JOIN dojo_dojo_group_member m ON m.group_id = g.group_id
        ORDER BY 1, 2"""
            .formatted(of));
  }

  @Test
  void codersMembershipsAreThoseOfSql() throws Exception {
    String system = "c42fdf75-3097-471c-8c33-fb52454d81c0";
    try (TestingUpstream there =
        TestingUpstream.create("coder-prebuilds", "coder-prebuilds-membership")) {
      TestingLegalRows rows =
          new TestingLegalRows(
              there.database,
              random,
              Map.of(
                  "text", List.of("coderprebuiltworkspaces", "CoderPrebuiltWorkspaces", "c"),
                  "uuid", List.of(system, "33333333-3333-3333-3333-333333333333")));
      there.database.execute(
          "INSERT INTO users (id, email) VALUES ('" + system + "', 'prebuilds@system')");
      for (String table : List.of("users", "organizations", "templates", "template_versions")) {
        rows.into(table, 60);
      }
      for (String table :
          List.of("template_version_presets", "organization_members", "groups", "group_members")) {
        rows.into(table, 60);
      }
      String wanted =
          """
          (SELECT DISTINCT t.organization_id FROM template_version_presets p
           JOIN template_versions v ON v.id = p.template_version_id JOIN templates t ON t.id = v.template_id
           WHERE p.desired_instances IS NOT NULL) w""";
      List<List<Object>> expected =
          there.database.rows(
              """
              SELECT o.id::text, w.organization_id IS NOT NULL OR m.user_id IS NOT NULL,
                w.organization_id IS NOT NULL OR g.id IS NOT NULL, w.organization_id IS NOT NULL OR x.user_id IS NOT NULL
              FROM organizations o LEFT JOIN %s ON w.organization_id = o.id %s"""
                  .formatted(wanted, state(system)));

      assertWell(there.run("run"));

      assertSame(
          there.database,
          expected,
          "SELECT o.id::text, m.user_id IS NOT NULL, g.id IS NOT NULL, x.user_id IS NOT NULL FROM organizations o "
              + state(system));
    }
  }

  private static String state(String system) {
    return """
        LEFT JOIN organization_members m ON m.organization_id = o.id AND m.user_id = '%1$s'
        LEFT JOIN groups g ON g.organization_id = o.id AND g.name = 'coderprebuiltworkspaces'
        LEFT JOIN group_members x ON x.group_id = g.id AND x.user_id = '%1$s' ORDER BY o.id"""
        .formatted(system);
  }

  @Test
  void codersKeysEndAsUpstreamsMigrationLeavesThem() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create()) {
      TestingLegalRows rows =
          new TestingLegalRows(
              keys.database,
              random,
              Map.of(
                  "uuid",
                  List.of(
                      "00000000-0000-0000-0000-000000000001",
                      "00000000-0000-0000-0000-000000000003")));
      rows.into("api_keys", 60);
      rows.into("oauth2_provider_app_tokens", 300);
      try (TestingApiKeys oracle = keys.copy().migrate()) {
        assertWell(keys.run("run"));

        assertThat(keys.rows()).as("seed " + seed).isEqualTo(oracle.rows());
      }
    }
  }

  @Test
  void gitlabsSeatsAreThoseOfSql() throws Exception {
    try (TestingUpstream there =
        TestingUpstream.create("gitlab-seats", "gitlab-seat-assignments")) {
      // As GitLab has it, on a later line of its schema.
      there.database.execute(
          "ALTER TABLE namespaces ADD FOREIGN KEY (organization_id) REFERENCES organizations (id)");
      TestingLegalRows rows =
          new TestingLegalRows(
              there.database,
              random,
              Map.of(
                  "text", List.of("Group", "Project", "User", "Namespace", "free", "ultimate", "c"),
                  "integer", List.of("5", "10", "15", "30", "50"),
                  "bigint", List.of("1001"),
                  "bigint[]", List.of("{1001}"),
                  "smallint", List.of("0", "0", "0", "0", "6")));
      there.database.execute(
          "INSERT INTO organizations VALUES (1001)",
          "INSERT INTO users (id) VALUES (1001)",
          "INSERT INTO namespaces (id, type, traversal_ids, organization_id) VALUES (1001, 'Group', '{1001}', 1001)",
          "INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id)"
              + " VALUES (30, 1001, 'Namespace', 1001, 0)");
      for (String table :
          List.of(
              "organizations",
              "users",
              "namespaces",
              "projects",
              "member_roles",
              "plans",
              "gitlab_subscriptions")) {
        rows.into(table, 60);
      }
      rows.into("members", 300, "requested_at");
      rows.into("subscription_seat_assignments", 60, "id");
      for (boolean roles : new boolean[] {false, true}) {
        List<List<Object>> expected = there.database.rows(seats(roles));

        TestingRun run = there.run("run", "--set", "params.custom_roles=" + roles);

        assertWell(run);
        assertSame(
            there.database,
            expected,
            "SELECT namespace_id, user_id, organization_id, seat_type::int FROM subscription_seat_assignments"
                + " ORDER BY 1, 2, 3, 4");
        assertThat(run.counts("seats", "planned").get(0)).as("seed " + seed).isPositive();
      }
    }
  }

  /** What the table must hold: the planned rows, and those beside them as they are. */
  private static String seats(boolean roles) {
    return """
        WITH member AS (
          SELECT m.*, coalesce(g.traversal_ids, home.traversal_ids) AS path FROM members m
          LEFT JOIN namespaces g ON m.source_type = 'Namespace' AND g.id = m.source_id AND g.type = 'Group'
          LEFT JOIN projects p ON m.source_type = 'Project' AND p.id = m.source_id
          LEFT JOIN namespaces home ON home.id = p.namespace_id
          WHERE m.user_id IS NOT NULL AND m.state = 0 AND m.requested_at IS NULL AND m.invite_token IS NULL),
        best AS (
          SELECT root.id AS root_id, root.organization_id, m.user_id, max(m.access_level) AS level,
            coalesce(bool_or(r.occupies_seat), false) AS occupies
          FROM member m JOIN namespaces root ON root.id = m.path[1] AND root.type = 'Group' AND root.parent_id IS NULL
          LEFT JOIN member_roles r ON r.id = m.member_role_id GROUP BY 1, 2, 3),
        planned AS (
          SELECT b.root_id, b.user_id, b.organization_id, CASE
            WHEN u.user_type = ANY ('{1,2,3,6,7,8,9,10,11,13,16}') THEN 3
            WHEN coalesce(p.name, 'free') = 'free' THEN 0
            WHEN p.name IN ('gold', 'ultimate', 'ultimate_trial') THEN CASE
              WHEN %s AND b.occupies THEN 0
              WHEN level IN (5, 10) THEN 1 WHEN level = 15 THEN 2 WHEN level IN (20, 30, 40, 50) THEN 0 END
            ELSE CASE WHEN level = 5 THEN 1 WHEN level IN (10, 15, 20, 30, 40, 50) THEN 0 END END AS type
          FROM best b JOIN users u ON u.id = b.user_id
          LEFT JOIN gitlab_subscriptions s ON s.namespace_id = b.root_id LEFT JOIN plans p ON p.id = s.hosted_plan_id)
        SELECT root_id, user_id, organization_id, type FROM planned WHERE type IS NOT NULL
        UNION ALL
        SELECT namespace_id, user_id, organization_id, seat_type FROM subscription_seat_assignments a
        WHERE NOT EXISTS (SELECT FROM planned
                          WHERE root_id = a.namespace_id AND user_id = a.user_id AND type IS NOT NULL)
        ORDER BY 1, 2, 3, 4"""
        .formatted(roles);
  }

  @Test
  void gitlabsPipelinesAreThoseOfSql() throws Exception {
    try (TestingPackages there = TestingPackages.create()) {
      TestingLegalRows main = new TestingLegalRows(there.main(), random, Map.of());
      for (String table :
          List.of("users", "packages_packages", "packages_package_files", "packages_build_infos")) {
        main.into(table, 60);
      }
      main.into("packages_package_file_build_infos", 60);
      TestingLegalRows ci =
          new TestingLegalRows(there.ci(), random, Map.of("bigint", List.of("100", "101")));
      ci.into("p_ci_pipelines", 400);
      // GitLab numbers them over all partitions.
      there
          .ci()
          .execute(
              "DELETE FROM p_ci_pipelines p USING p_ci_pipelines o WHERE o.id = p.id AND o.partition_id < p.partition_id");
      there.with(1005).builtBy(1005, 1005L).pipelines(1005).withFile(1005, 1005);
      there.fileBuiltBy(1005, 1005L);

      assertWell(there.run("run"));

      new TestingPackageOracle(there, random).assertRight(20);
    }
  }
}
