package backfill.testing;

/** GitLab's seats: roots of each tier, with some seats that are right, some that are not. */
final class TestingFaultedSeats extends TestingFaultedTables {
  static final String FILL =
      """
      INSERT INTO organizations SELECT generate_series(1, 3);
      INSERT INTO plans VALUES (1, 'free'), (2, 'premium'), (3, 'ultimate');
      INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
      SELECT r, CASE r WHEN 50 THEN 'User' ELSE 'Group' END, NULL, ARRAY[r], 1 + r / 10 % 3
      FROM unnest('{10,20,30,40,50}'::bigint[]) r;
      INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
      SELECT id + 1, 'Group', id, ARRAY[id, id + 1], organization_id FROM namespaces WHERE type = 'Group';
      INSERT INTO projects (id, namespace_id, project_namespace_id, organization_id)
      SELECT id, id, 0, organization_id FROM namespaces;
      INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id) VALUES (10, 3), (20, 2), (30, 1);
      INSERT INTO users (id, state, user_type)
      SELECT i, CASE i % 5 WHEN 0 THEN 'blocked' ELSE 'active' END, CASE i % 10 WHEN 8 THEN 6 WHEN 9 THEN 4 ELSE 0 END
      FROM generate_series(1, 40) i;
      INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id, state)
      SELECT (ARRAY[5, 10, 15, 20, 30])[1 + u % 5], s, CASE u % 2 WHEN 0 THEN 'Namespace' ELSE 'Project' END, u, 0,
             CASE WHEN u % 11 = 0 THEN 1 ELSE 0 END
      FROM generate_series(1, 40) u, unnest('{10,11,20,31,40,50}'::bigint[]) s WHERE (u + s) % 3 = 0;
      INSERT INTO subscription_seat_assignments (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)
      SELECT 10, u, timestamptz '2020-01-01', timestamptz '2020-01-01', 2, (u % 3)::smallint FROM generate_series(1, 40, 3) u
      UNION ALL SELECT NULL, u, timestamptz '2020-01-01', timestamptz '2020-01-01', 1, NULL::smallint FROM generate_series(1, 3) u;
      """;

  private static final String EXPECTED =
      """
      (WITH RECURSIVE below AS (
        SELECT id, id AS root FROM namespaces WHERE parent_id IS NULL AND type = 'Group'
        UNION ALL
        SELECT n.id, b.root FROM namespaces n JOIN below b ON n.parent_id = b.id WHERE n.type = 'Group'),
      membership AS (
        SELECT m.user_id, m.access_level, m.state, b.root
        FROM members m JOIN below b ON m.source_type = 'Namespace' AND b.id = m.source_id
        UNION ALL
        SELECT m.user_id, m.access_level, m.state, b.root
        FROM members m JOIN projects p ON m.source_type = 'Project' AND p.id = m.source_id
          JOIN below b ON b.id = p.namespace_id),
      best AS (SELECT root, user_id, max(access_level) AS level FROM membership WHERE state = 0 GROUP BY 1, 2)
      SELECT b.root AS namespace_id, b.user_id, n.organization_id, CASE
          WHEN u.user_type = 6 THEN 3
          WHEN p.name IS NULL OR p.name = 'free' THEN 0
          WHEN p.name = 'ultimate' THEN CASE WHEN level IN (5, 10) THEN 1 WHEN level = 15 THEN 2 ELSE 0 END
          ELSE CASE WHEN level = 5 THEN 1 ELSE 0 END END AS seat_type
      FROM best b JOIN users u ON u.id = b.user_id JOIN namespaces n ON n.id = b.root
      LEFT JOIN gitlab_subscriptions s ON s.namespace_id = b.root LEFT JOIN plans p ON p.id = s.hosted_plan_id)""";

  private static final String HELD =
      "(SELECT namespace_id, user_id, organization_id, seat_type::int FROM %ssubscription_seat_assignments"
          + " WHERE namespace_id IS NOT NULL)";

  TestingFaultedSeats(TestingDatabase database) {
    super(TestingFaultedPlan.SEATS, database);
  }

  @Override
  String missing() {
    return EXPECTED + " EXCEPT " + HELD.formatted("");
  }

  /** What was there before has its time of creation still, too. */
  @Override
  String surplus() {
    return """
        SELECT h::text FROM (%s EXCEPT ALL (%s UNION %s)) h
        UNION ALL SELECT b::text FROM before_subscription_seat_assignments b
        LEFT JOIN subscription_seat_assignments s USING (id) WHERE s.created_at IS DISTINCT FROM b.created_at"""
        .formatted(HELD.formatted(""), EXPECTED, HELD.formatted("before_"));
  }
}
