package backfill.testing;

/** GitLab's groups, users and subscriptions, and the seats that its rules give. */
public final class TestingSeats {
  /** The seats by the rules alone: (namespace, organization, user, type). */
  public static final String EXPECTED =
      """
      WITH RECURSIVE below AS (
        SELECT id, id AS root FROM namespaces WHERE parent_id IS NULL AND type = 'Group'
        UNION ALL
        SELECT n.id, b.root FROM namespaces n JOIN below b ON n.parent_id = b.id WHERE n.type = 'Group'),
      membership AS (
        SELECT m.*, b.root FROM members m JOIN below b ON m.source_type = 'Namespace' AND b.id = m.source_id
        UNION ALL
        SELECT m.*, b.root FROM members m JOIN projects p ON m.source_type = 'Project' AND p.id = m.source_id
          JOIN below b ON b.id = p.namespace_id),
      best AS (
        SELECT root, user_id, max(access_level) AS level,
               coalesce(bool_or(r.occupies_seat), false) AS occupies
        FROM membership m LEFT JOIN member_roles r ON r.id = m.member_role_id
        WHERE state = 0 AND requested_at IS NULL AND invite_token IS NULL AND user_id IS NOT NULL
        GROUP BY 1, 2),
      typed AS (
        SELECT b.root, n.organization_id, b.user_id, CASE
          WHEN u.user_type = ANY ('{1,2,3,6,7,8,9,10,11,13,16}') THEN 3
          WHEN p.name IS NULL OR p.name = 'free' THEN 0
          WHEN p.name IN ('gold', 'ultimate', 'ultimate_trial') THEN CASE
            WHEN %s AND b.occupies THEN 0
            WHEN level IN (5, 10) THEN 1 WHEN level = 15 THEN 2 WHEN level IN (20, 30, 40, 50) THEN 0 END
          ELSE CASE WHEN level = 5 THEN 1 WHEN level IN (10, 15, 20, 30, 40, 50) THEN 0 END END AS type
        FROM best b JOIN users u ON u.id = b.user_id JOIN namespaces n ON n.id = b.root
        LEFT JOIN gitlab_subscriptions s ON s.namespace_id = b.root LEFT JOIN plans p ON p.id = s.hosted_plan_id)
      SELECT root, organization_id, user_id, type::int FROM typed WHERE type IS NOT NULL ORDER BY 1, 3
      """;

  /** The seats that there are, as {@link #EXPECTED} has them. */
  public static final String HELD =
      "SELECT namespace_id, organization_id, user_id, seat_type::int FROM subscription_seat_assignments"
          + " WHERE namespace_id IS NOT NULL ORDER BY 1, 3";

  /**
   * Five roots: 10 ultimate, 20 premium, 30 free, 40 none, 50 a user's; each group has a subgroup,
   * and each of them a project.
   */
  public static final String WORLD =
      """
      INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
      SELECT r, CASE r WHEN 50 THEN 'User' ELSE 'Group' END, NULL, ARRAY[r], 1 + r / 10 % 3
      FROM unnest('{10,20,30,40,50}'::bigint[]) r;
      INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
      SELECT id + 1, 'Group', id, ARRAY[id, id + 1], organization_id FROM namespaces WHERE type = 'Group';
      INSERT INTO projects (id, namespace_id, project_namespace_id, organization_id)
      SELECT id, id, 0, organization_id FROM namespaces;
      INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id) VALUES (10, 3), (20, 2), (30, 1);
      INSERT INTO users (id, state, user_type)
      SELECT i, CASE i % 5 WHEN 0 THEN 'blocked' ELSE 'active' END,
             CASE i % 10 WHEN 8 THEN 6 WHEN 9 THEN 4 ELSE 0 END FROM generate_series(1, 60) i;
      """;

  private TestingSeats() {}
}
