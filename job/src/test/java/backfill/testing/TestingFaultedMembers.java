package backfill.testing;

/**
 * Coder's organizations, of which two thirds want prebuilt workspaces and some have what they need.
 */
final class TestingFaultedMembers extends TestingFaultedTables {
  private static final String SYSTEM = "'c42fdf75-3097-471c-8c33-fb52454d81c0'::uuid";

  static final String FILL =
      """
      INSERT INTO users (id, email, username, is_system) VALUES (%1$s, 'prebuilds@system', 'prebuilds', true);
      INSERT INTO users (id, email) VALUES (md5('other')::uuid, 'o@example.com');
      INSERT INTO organizations (id, name, description, created_at, updated_at, display_name)
      SELECT md5('o' || n)::uuid, 'o' || n, '', now(), now(), 'o' || n FROM generate_series(1, 30) n;
      INSERT INTO templates (id, organization_id, name, active_version_id)
      SELECT md5('t' || n)::uuid, md5('o' || n)::uuid, 't', md5('v' || n)::uuid FROM generate_series(1, 30) n;
      INSERT INTO template_versions (id, template_id, organization_id, name)
      SELECT md5('v' || n)::uuid, md5('t' || n)::uuid, md5('o' || n)::uuid, 'v' FROM generate_series(1, 30) n;
      INSERT INTO template_version_presets (template_version_id, name, desired_instances)
      SELECT md5('v' || n)::uuid, 'p' || k, CASE WHEN n %% 3 > 0 THEN n %% 4 END
      FROM generate_series(1, 30) n, generate_series(1, 2) k;
      INSERT INTO organization_members (organization_id, user_id, created_at, updated_at)
      SELECT md5('o' || n)::uuid, %1$s, timestamptz '2020-01-01', timestamptz '2020-01-01' FROM generate_series(1, 30, 5) n
      UNION ALL SELECT md5('o' || n)::uuid, md5('other')::uuid, timestamptz '2020-01-01', timestamptz '2020-01-01' FROM generate_series(1, 30) n;
      INSERT INTO groups (id, name, organization_id, quota_allowance)
      SELECT md5('g' || n)::uuid, 'coderprebuiltworkspaces', md5('o' || n)::uuid, 7 FROM generate_series(1, 30, 7) n;
      """
          .formatted(SYSTEM);

  private static final String WANTED =
      """
      (SELECT DISTINCT t.organization_id AS id FROM templates t
       JOIN template_versions v ON v.template_id = t.id
       JOIN template_version_presets p ON p.template_version_id = v.id
       WHERE p.desired_instances IS NOT NULL)""";

  private static final String OF_MEMBERS =
      "SELECT 'member ' || organization_id || ' ' || user_id FROM %sorganization_members";
  private static final String OF_GROUPS =
      "SELECT 'group ' || organization_id || ' ' || name FROM %sgroups";
  private static final String OF_BOTH =
      "SELECT 'in group ' || g.organization_id || ' ' || g.name || ' ' || m.user_id FROM %1$sgroup_members m"
          + " JOIN %1$sgroups g ON g.id = m.group_id";

  TestingFaultedMembers(TestingDatabase database) {
    super(TestingFaultedPlan.PREBUILDS, database);
  }

  private static String justified() {
    String name = "'coderprebuiltworkspaces'";
    return "(SELECT 'member ' || id || ' ' || %2$s FROM %1$s w UNION ALL SELECT 'group ' || id || ' ' || %3$s FROM %1$s w"
            .formatted(WANTED, SYSTEM, name)
        + " UNION ALL SELECT 'in group ' || id || ' ' || %3$s || ' ' || %2$s FROM %1$s w)"
            .formatted(WANTED, SYSTEM, name);
  }

  private static String held(String prefix) {
    return "(%s UNION ALL %s UNION ALL %s)"
        .formatted(
            OF_MEMBERS.formatted(prefix), OF_GROUPS.formatted(prefix), OF_BOTH.formatted(prefix));
  }

  @Override
  String missing() {
    return justified() + " EXCEPT " + held("");
  }

  /** A new group is as the plan says, and an old one as it was. */
  @Override
  String surplus() {
    return """
        (%s EXCEPT ALL (%s UNION %s))
        UNION ALL SELECT g.name || ' is changed' FROM groups g JOIN before_groups b USING (id)
        WHERE to_jsonb(g) - '%4$s' <> to_jsonb(b)
        UNION ALL SELECT g.name || ' is not as planned' FROM groups g
        WHERE NOT EXISTS (SELECT FROM before_groups b WHERE b.id = g.id)
          AND (display_name, avatar_url, quota_allowance, source) <> ('Prebuilt Workspaces', '', 0, 'user')"""
        .formatted(held(""), justified(), held("before_"), UNRELATED);
  }
}
