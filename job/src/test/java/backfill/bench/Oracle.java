package backfill.bench;

/**
 * What the rules of each system ask for, as tables made beside the data before anybody works on it.
 * Written from the rules one row at a time, in other terms than the peers: parents instead of
 * paths, LIMIT instead of ranks.
 */
final class Oracle {
  /** Makes configured, expected_members, expected_groups, expected_group_members. */
  static final String PREBUILDS =
      """
      CREATE TABLE configured AS SELECT o.id FROM organizations o
      WHERE (SELECT count(p.desired_instances) FROM template_version_presets p
             WHERE (SELECT (SELECT t.organization_id FROM templates t WHERE t.id = v.template_id)
                    FROM template_versions v WHERE v.id = p.template_version_id) = o.id) > 0;
      CREATE TABLE expected_members AS
      SELECT user_id, organization_id, roles, true FROM organization_members
      UNION SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', id, '{}', true FROM configured;
      CREATE TABLE expected_groups AS
      SELECT name, organization_id, avatar_url, quota_allowance, display_name, source FROM groups
      UNION ALL
      SELECT 'coderprebuiltworkspaces', c.id, '', 0, 'Prebuilt Workspaces', 'user' FROM configured c
      WHERE (c.id, 'coderprebuiltworkspaces') NOT IN (SELECT organization_id, name FROM groups);
      CREATE TABLE expected_group_members AS
      SELECT g.organization_id, g.name, m.user_id FROM group_members m, groups g WHERE g.id = m.group_id
      UNION SELECT id, 'coderprebuiltworkspaces', 'c42fdf75-3097-471c-8c33-fb52454d81c0' FROM configured;
      """;

  /** Makes expected_keys and expected_tokens. */
  static final String API_KEYS =
      """
      CREATE TABLE expected_keys AS
      SELECT k.id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type, lifetime_seconds,
             ip_address, token_name, ('{' || scope || '}')::api_key_scope[] AS scopes, '{*:*}'::text[] AS allow_list
      FROM api_keys k
      WHERE expires_at = 'infinity'
         OR expires_at <> '-infinity' AND extract(epoch FROM now()) - extract(epoch FROM expires_at) <= 7 * 86400;
      CREATE TABLE expected_tokens AS
      SELECT * FROM oauth2_provider_app_tokens WHERE api_key_id = ANY (ARRAY(SELECT id FROM expected_keys));
      """;

  /** Makes expected_seats, of each row also whether it is new, changed or as it was. */
  static final String SEATS =
      """
      CREATE TABLE membership AS
      WITH RECURSIVE up AS (
        SELECT id AS source, id, parent_id, type FROM namespaces WHERE type <> 'Project'
        UNION ALL SELECT up.source, n.id, n.parent_id, n.type FROM up JOIN namespaces n ON n.id = up.parent_id),
      counted AS (
        SELECT m.user_id, m.access_level,
               CASE m.source_type WHEN 'Project' THEN (SELECT namespace_id FROM projects p WHERE p.id = m.source_id)
                                  ELSE m.source_id END AS source
        FROM members m
        WHERE m.user_id > 0 AND m.state = 0 AND coalesce(m.requested_at::text, m.invite_token) IS NULL)
      SELECT up.id AS root_id, c.user_id, bool_or(c.access_level >= 20) AS works,
             bool_or(c.access_level = 15) AS plans, bool_or(c.access_level >= 10) AS visits
      FROM counted c JOIN up USING (source) WHERE up.parent_id IS NULL AND up.type = 'Group' GROUP BY 1, 2;
      CREATE TABLE wanted AS
      SELECT m.root_id AS namespace_id, m.user_id, n.organization_id,
             CASE WHEN (SELECT user_type FROM users u WHERE u.id = m.user_id) NOT IN (0, 4, 5, 15, 17) THEN 3
                  WHEN t.tier = 'free' THEN 0
                  WHEN t.tier = 'premium' THEN CASE WHEN m.visits THEN 0 ELSE 1 END
                  WHEN m.works THEN 0 WHEN m.plans THEN 2 ELSE 1 END::smallint AS seat_type
      FROM membership m JOIN namespaces n ON n.id = m.root_id,
        LATERAL (SELECT coalesce((SELECT CASE WHEN p.name ~ '^(gold|ultimate|ultimate_trial)$' THEN 'ultimate'
                                              WHEN p.name <> 'free' THEN 'premium' END
                                  FROM gitlab_subscriptions s, plans p
                                  WHERE s.namespace_id = m.root_id AND p.id = s.hosted_plan_id), 'free') AS tier) t;
      CREATE TABLE expected_seats AS
      SELECT w.*, NULL::timestamptz AS last_activity_on, 'new' AS kind FROM wanted w
      WHERE NOT EXISTS (SELECT FROM subscription_seat_assignments s
                        WHERE s.namespace_id = w.namespace_id AND s.user_id = w.user_id)
      UNION ALL
      SELECT s.namespace_id, s.user_id, coalesce(w.organization_id, s.organization_id), coalesce(w.seat_type, s.seat_type),
             s.last_activity_on,
             CASE WHEN w.organization_id <> s.organization_id OR w.seat_type <> coalesce(s.seat_type, -1)
                  THEN 'changed' ELSE 'as it was' END
      FROM subscription_seat_assignments s
      LEFT JOIN wanted w ON w.namespace_id = s.namespace_id AND w.user_id = s.user_id;
      """;

  /** Makes the plan's three tables, filled, where main and CI are one database. */
  static final String PACKAGES =
      """
      CREATE TABLE package_pipelines AS
      SELECT p.id AS package_id, c.id AS pipeline_id, count(*)::integer AS build_info_count, c.ref::text, c.sha::text,
             c.status::text, (SELECT u.id FROM users u WHERE u.id = c.user_id) AS user_id
      FROM packages_packages p,
        LATERAL (SELECT pipeline_id FROM packages_build_infos i WHERE i.package_id = p.id AND i.pipeline_id > 0
                 ORDER BY i.id DESC LIMIT 20) newest, p_ci_pipelines c
      WHERE c.id = newest.pipeline_id GROUP BY p.id, c.id, c.ref, c.sha, c.status, c.user_id;
      CREATE TABLE package_file_pipelines AS
      SELECT f.id AS package_file_id, c.id AS pipeline_id, count(*)::integer AS build_info_count, c.ref::text, c.sha::text,
             c.status::text, (SELECT u.id FROM users u WHERE u.id = c.user_id) AS user_id
      FROM packages_package_files f,
        LATERAL (SELECT pipeline_id FROM packages_package_file_build_infos i
                 WHERE i.package_file_id = f.id AND i.pipeline_id > 0
                 ORDER BY i.id DESC LIMIT 20) newest, p_ci_pipelines c
      WHERE c.id = newest.pipeline_id GROUP BY f.id, c.id, c.ref, c.sha, c.status, c.user_id;
      CREATE TABLE package_original_pipelines AS
      SELECT p.id AS package_id, c.id AS pipeline_id, c.ref::text, c.sha::text, c.status::text,
             (SELECT u.id FROM users u WHERE u.id = c.user_id) AS user_id
      FROM packages_packages p, p_ci_pipelines c
      WHERE c.id = (SELECT pipeline_id FROM packages_build_infos i WHERE i.package_id = p.id ORDER BY i.id LIMIT 1);
      """;

  /** How many build infos are too old to count. */
  static final String MORE_THAN_NEWEST =
      """
      SELECT (SELECT count(pipeline_id) FROM packages_build_infos WHERE pipeline_id IN (SELECT id FROM p_ci_pipelines))
             - (SELECT sum(build_info_count) FROM package_pipelines)
      """;

  /** How many packages have build infos, and nothing that the first of them leads to. */
  static final String NO_ORIGINAL =
      """
      SELECT (SELECT count(DISTINCT package_id) FROM packages_build_infos)
             - (SELECT count(*) FROM package_original_pipelines)
      """;

  private Oracle() {}
}
