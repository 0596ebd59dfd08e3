package backfill.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who has what in a DefectDojo, by name: {@code "p1 u1"}, {@code "pt1 u1"}, {@code "u1
 * is_superuser"}. The rules stand here a second time, in SQL alone, so that a test can hold the job
 * against somebody else's idea of the answer.
 */
public record TestingAccess(
    SortedSet<String> products, SortedSet<String> types, SortedSet<String> flags) {

  private static final String JUSTIFIED_PRODUCTS =
      """
      SELECT p.name || ' ' || u.username
      FROM (SELECT product_id, user_id FROM dojo_product_member
            UNION
            SELECT g.product_id, m.user_id
            FROM dojo_product_group g JOIN dojo_dojo_group_member m ON m.group_id = g.group_id) pair
      JOIN dojo_product p ON p.id = pair.product_id JOIN auth_user u ON u.id = pair.user_id
      """;

  private static final String JUSTIFIED_TYPES =
      """
      SELECT t.name || ' ' || u.username
      FROM (SELECT product_type_id, user_id FROM dojo_product_type_member
            UNION
            SELECT g.product_type_id, m.user_id
            FROM dojo_product_type_group g JOIN dojo_dojo_group_member m ON m.group_id = g.group_id) pair
      JOIN dojo_product_type t ON t.id = pair.product_type_id JOIN auth_user u ON u.id = pair.user_id
      """;

  private static final String JUSTIFIED_FLAGS =
      """
      SELECT DISTINCT u.username || CASE WHEN r.name = 'Owner' THEN ' is_superuser' ELSE ' is_staff' END
      FROM auth_user u, dojo_global_role g, dojo_role r
      WHERE r.id = g.role_id AND r.name IN ('Owner', 'Writer', 'Maintainer', 'API_Importer')
        AND (g.user_id = u.id
             OR EXISTS (SELECT FROM dojo_dojo_group_member m WHERE m.group_id = g.group_id AND m.user_id = u.id))
      """;

  private static final String PRESENT_PRODUCTS =
      """
      SELECT p.name || ' ' || u.username FROM dojo_product_authorized_users a
      JOIN dojo_product p ON p.id = a.product_id JOIN auth_user u ON u.id = a.dojo_user_id
      """;

  private static final String PRESENT_TYPES =
      """
      SELECT t.name || ' ' || u.username FROM dojo_product_type_authorized_users a
      JOIN dojo_product_type t ON t.id = a.product_type_id JOIN auth_user u ON u.id = a.dojo_user_id
      """;

  private static final String PRESENT_FLAGS =
      """
      SELECT username || ' is_superuser' FROM auth_user WHERE is_superuser
      UNION ALL
      SELECT username || ' is_staff' FROM auth_user WHERE is_staff
      """;

  /** What the roles give. */
  public static TestingAccess justified(Connection connection) throws SQLException {
    if (names(connection, "SELECT to_regclass('dojo_role')::text").isEmpty()) {
      return new TestingAccess(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    }
    return new TestingAccess(
        names(connection, JUSTIFIED_PRODUCTS),
        names(connection, JUSTIFIED_TYPES),
        names(connection, JUSTIFIED_FLAGS));
  }

  /** What the targets say. */
  public static TestingAccess present(Connection connection) throws SQLException {
    return new TestingAccess(
        names(connection, PRESENT_PRODUCTS),
        names(connection, PRESENT_TYPES),
        names(connection, PRESENT_FLAGS));
  }

  /**
   * What the targets must say after a run: what they say now, nothing lost, and what the roles
   * give. Ask before the run.
   */
  public static TestingAccess expected(Connection connection) throws SQLException {
    return justified(connection).and(present(connection));
  }

  public TestingAccess and(TestingAccess other) {
    return new TestingAccess(
        union(products, other.products), union(types, other.types), union(flags, other.flags));
  }

  /** What is here and not there: of the present without the justified, the surplus. */
  public TestingAccess without(TestingAccess other) {
    return new TestingAccess(
        minus(products, other.products), minus(types, other.types), minus(flags, other.flags));
  }

  private static SortedSet<String> union(SortedSet<String> one, SortedSet<String> other) {
    SortedSet<String> all = new TreeSet<>(one);
    all.addAll(other);
    return all;
  }

  private static SortedSet<String> minus(SortedSet<String> one, SortedSet<String> other) {
    SortedSet<String> rest = new TreeSet<>(one);
    rest.removeAll(other);
    return rest;
  }

  /**
   * @throws IllegalStateException on the same row twice, which a set would hide
   */
  private static SortedSet<String> names(Connection connection, String sql) throws SQLException {
    SortedSet<String> names = new TreeSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        String name = rows.getString(1);
        if (name != null && !names.add(name)) {
          throw new IllegalStateException("\"" + name + "\" is there twice");
        }
      }
    }
    return names;
  }
}
