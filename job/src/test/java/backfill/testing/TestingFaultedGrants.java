package backfill.testing;

/** DefectDojo's. */
final class TestingFaultedGrants extends TestingFaultedTables {
  private static final String JUSTIFIED =
      """
      (SELECT 'product' AS what, product_id AS object, user_id AS person FROM dojo_product_member
       UNION
       SELECT 'product', g.product_id, m.user_id
       FROM dojo_product_group g JOIN dojo_dojo_group_member m ON m.group_id = g.group_id
       UNION
       SELECT 'type', product_type_id, user_id FROM dojo_product_type_member
       UNION
       SELECT 'type', g.product_type_id, m.user_id
       FROM dojo_product_type_group g JOIN dojo_dojo_group_member m ON m.group_id = g.group_id
       UNION
       SELECT DISTINCT CASE r.name WHEN 'Owner' THEN 'superuser' ELSE 'staff' END, 0, u.id
       FROM auth_user u, dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
       WHERE r.name IN ('Owner', 'Writer', 'Maintainer', 'API_Importer')
         AND (g.user_id = u.id
              OR EXISTS (SELECT FROM dojo_dojo_group_member m WHERE m.group_id = g.group_id AND m.user_id = u.id)))""";

  private static final String HELD =
      """
      (SELECT 'product' AS what, product_id AS object, dojo_user_id AS person FROM %1$sdojo_product_authorized_users
       UNION ALL SELECT 'type', product_type_id, dojo_user_id FROM %1$sdojo_product_type_authorized_users
       UNION ALL SELECT 'superuser', 0, id FROM %1$sauth_user WHERE is_superuser
       UNION ALL SELECT 'staff', 0, id FROM %1$sauth_user WHERE is_staff)""";

  TestingFaultedGrants(TestingDatabase database) {
    super(TestingFaultedPlan.DOJO, database);
  }

  @Override
  String missing() {
    return JUSTIFIED + " EXCEPT " + HELD.formatted("");
  }

  @Override
  String surplus() {
    return "%s EXCEPT ALL (%s UNION %s)"
        .formatted(HELD.formatted(""), JUSTIFIED, HELD.formatted("before_"));
  }
}
