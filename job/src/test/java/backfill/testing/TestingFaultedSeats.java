package backfill.testing;

/** GitLab's seats: roots of each tier, with some seats that are right, some that are not. */
final class TestingFaultedSeats extends TestingFaultedTables {
  static final String FILL =
      """
      INSERT INTO organizations SELECT generate_series(1, 3);
      INSERT INTO plans VALUES (1, 'free'), (2, 'premium'), (3, 'ultimate');
      """
          + TestingSeats.WORLD
          + """
      INSERT INTO members (access_level, source_id, source_type, user_id, member_namespace_id, state)
      SELECT (ARRAY[5, 10, 15, 20, 30])[1 + u % 5], s, CASE u % 2 WHEN 0 THEN 'Namespace' ELSE 'Project' END, u, 0,
             CASE WHEN u % 11 = 0 THEN 1 ELSE 0 END
      FROM generate_series(1, 40) u, unnest('{10,11,20,31,40,50}'::bigint[]) s WHERE (u + s) % 3 = 0;
      INSERT INTO subscription_seat_assignments (namespace_id, user_id, created_at, updated_at, organization_id, seat_type)
      SELECT 10, u, timestamptz '2020-01-01', timestamptz '2020-01-01', 2, (u % 3)::smallint FROM generate_series(1, 40, 3) u
      UNION ALL SELECT NULL, u, timestamptz '2020-01-01', timestamptz '2020-01-01', 1, NULL::smallint FROM generate_series(1, 3) u;
      """;

  private static final String EXPECTED =
      "(" + TestingSeats.EXPECTED.formatted("false").strip() + ")";

  private static final String HELD =
      "(SELECT namespace_id, organization_id, user_id, seat_type::int FROM %ssubscription_seat_assignments"
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
