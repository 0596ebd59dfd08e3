package backfill.testing;

import backfill.demo.DemoData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * DefectDojo's tables in the database of a test, filled by name: a user, product, product type or
 * group is made when it is first named. The connection is in autocommit and stays the caller's.
 * What the rows grant is {@link TestingAccess}.
 */
public final class TestingDefectDojo {
  private final Connection connection;

  private TestingDefectDojo(Connection connection) {
    this.connection = connection;
  }

  /** Makes the tables with the five roles and nobody in them. */
  public static TestingDefectDojo create(Connection connection) throws SQLException {
    DemoData.createTables(connection);
    return new TestingDefectDojo(connection);
  }

  /** From here on each change of a user leaves a row in dojo_dojo_userevent. */
  public TestingDefectDojo withUserHistory() throws SQLException, IOException {
    try (InputStream in =
        TestingDefectDojo.class.getResourceAsStream("/defectdojo/user-history.sql")) {
      return execute(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** An installation that never had roles. */
  public TestingDefectDojo withoutRoles() throws SQLException {
    return execute("DROP TABLE dojo_role CASCADE");
  }

  /** An active user without flags. */
  public TestingDefectDojo user(String user) throws SQLException {
    return ensure(
        """
        INSERT INTO auth_user
          (username, is_superuser, is_staff, is_active, password, first_name, last_name, email, date_joined)
        VALUES (?, false, false, true, '!', '', '', '', now()) ON CONFLICT (username) DO NOTHING
        """,
        user);
  }

  public TestingDefectDojo inactive(String user) throws SQLException {
    return user(user).one("UPDATE auth_user SET is_active = false WHERE username = ?", user);
  }

  public TestingDefectDojo superuser(String user) throws SQLException {
    return user(user).one("UPDATE auth_user SET is_superuser = true WHERE username = ?", user);
  }

  public TestingDefectDojo staff(String user) throws SQLException {
    return user(user).one("UPDATE auth_user SET is_staff = true WHERE username = ?", user);
  }

  /** A role beside the five, with {@code is_owner}. */
  public TestingDefectDojo ownerRole(String role) throws SQLException {
    return one("INSERT INTO dojo_role (name, is_owner) VALUES (?, true)", role);
  }

  public TestingDefectDojo renameRole(String role, String to) throws SQLException {
    return one("UPDATE dojo_role SET name = ? WHERE name = ?", to, role);
  }

  public TestingDefectDojo productType(String type) throws SQLException {
    return ensure(
        "INSERT INTO dojo_product_type (name) VALUES (?) ON CONFLICT (name) DO NOTHING", type);
  }

  /** A product of the type that is named where the type does not matter. */
  public TestingDefectDojo product(String product) throws SQLException {
    return product(product, "any type");
  }

  /** A product that is there already keeps its type. */
  public TestingDefectDojo product(String product, String type) throws SQLException {
    return productType(type)
        .ensure(
            """
            INSERT INTO dojo_product (name, description, prod_type_id)
            SELECT ?, '', id FROM dojo_product_type WHERE name = ? ON CONFLICT (name) DO NOTHING
            """,
            product,
            type);
  }

  /** A group with these members, each as Reader; named again, it gains members. */
  public TestingDefectDojo group(String group, String... members) throws SQLException {
    ensure("INSERT INTO dojo_dojo_group (name) VALUES (?) ON CONFLICT (name) DO NOTHING", group);
    for (String member : members) {
      groupMember(group, member, "Reader");
    }
    return this;
  }

  public TestingDefectDojo groupMember(String group, String user, String role) throws SQLException {
    return group(group)
        .user(user)
        .one(
            """
            INSERT INTO dojo_dojo_group_member (group_id, user_id, role_id)
            SELECT g.id, u.id, r.id FROM dojo_dojo_group g, auth_user u, dojo_role r
            WHERE g.name = ? AND u.username = ? AND r.name = ?
            """,
            group,
            user,
            role);
  }

  public TestingDefectDojo productMember(String product, String user, String role)
      throws SQLException {
    return product(product)
        .user(user)
        .one(
            """
            INSERT INTO dojo_product_member (product_id, user_id, role_id)
            SELECT p.id, u.id, r.id FROM dojo_product p, auth_user u, dojo_role r
            WHERE p.name = ? AND u.username = ? AND r.name = ?
            """,
            product,
            user,
            role);
  }

  public TestingDefectDojo productGroup(String product, String group) throws SQLException {
    return product(product)
        .group(group)
        .one(
            """
            INSERT INTO dojo_product_group (product_id, group_id, role_id)
            SELECT p.id, g.id, r.id FROM dojo_product p, dojo_dojo_group g, dojo_role r
            WHERE p.name = ? AND g.name = ? AND r.name = 'Reader'
            """,
            product,
            group);
  }

  public TestingDefectDojo typeMember(String type, String user, String role) throws SQLException {
    return productType(type)
        .user(user)
        .one(
            """
            INSERT INTO dojo_product_type_member (product_type_id, user_id, role_id)
            SELECT t.id, u.id, r.id FROM dojo_product_type t, auth_user u, dojo_role r
            WHERE t.name = ? AND u.username = ? AND r.name = ?
            """,
            type,
            user,
            role);
  }

  public TestingDefectDojo typeGroup(String type, String group) throws SQLException {
    return productType(type)
        .group(group)
        .one(
            """
            INSERT INTO dojo_product_type_group (product_type_id, group_id, role_id)
            SELECT t.id, g.id, r.id FROM dojo_product_type t, dojo_dojo_group g, dojo_role r
            WHERE t.name = ? AND g.name = ? AND r.name = 'Reader'
            """,
            type,
            group);
  }

  /**
   * @param role null for a row that names none
   */
  public TestingDefectDojo globalRoleUser(String user, String role) throws SQLException {
    return user(user)
        .one(
            """
            INSERT INTO dojo_global_role (user_id, role_id)
            SELECT u.id, r.id FROM auth_user u LEFT JOIN dojo_role r ON r.name = ?
            WHERE u.username = ? AND (r.id IS NOT NULL OR ?::text IS NULL)
            """,
            role,
            user,
            role);
  }

  /**
   * @param role null for a row that names none
   */
  public TestingDefectDojo globalRoleGroup(String group, String role) throws SQLException {
    return group(group)
        .one(
            """
            INSERT INTO dojo_global_role (group_id, role_id)
            SELECT g.id, r.id FROM dojo_dojo_group g LEFT JOIN dojo_role r ON r.name = ?
            WHERE g.name = ? AND (r.id IS NOT NULL OR ?::text IS NULL)
            """,
            role,
            group,
            role);
  }

  /** One row that names a user and a group. */
  public TestingDefectDojo globalRoleBoth(String user, String group, String role)
      throws SQLException {
    return user(user)
        .group(group)
        .one(
            """
            INSERT INTO dojo_global_role (user_id, group_id, role_id)
            SELECT u.id, g.id, r.id FROM auth_user u, dojo_dojo_group g, dojo_role r
            WHERE u.username = ? AND g.name = ? AND r.name = ?
            """,
            user,
            group,
            role);
  }

  /** A row of the target, as if somebody had made it by hand. */
  public TestingDefectDojo authorizedUser(String product, String user) throws SQLException {
    return product(product)
        .user(user)
        .one(
            """
            INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
            SELECT p.id, u.id FROM dojo_product p, auth_user u WHERE p.name = ? AND u.username = ?
            """,
            product,
            user);
  }

  /** A row of the types' target, as if somebody had made it by hand. */
  public TestingDefectDojo authorizedTypeUser(String type, String user) throws SQLException {
    return productType(type)
        .user(user)
        .one(
            """
            INSERT INTO dojo_product_type_authorized_users (product_type_id, dojo_user_id)
            SELECT t.id, u.id FROM dojo_product_type t, auth_user u WHERE t.name = ? AND u.username = ?
            """,
            type,
            user);
  }

  private TestingDefectDojo execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
    return this;
  }

  private TestingDefectDojo ensure(String sql, String... values) throws SQLException {
    rows(sql, values);
    return this;
  }

  /** A name that nobody has would otherwise join to nothing, and the test would test nothing. */
  private TestingDefectDojo one(String sql, String... values) throws SQLException {
    int rows = rows(sql, values);
    if (rows != 1) {
      throw new IllegalArgumentException(
          "expected to write 1 row for "
              + String.join(", ", values)
              + ", wrote "
              + rows
              + " by\n"
              + sql);
    }
    return this;
  }

  private int rows(String sql, String... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }
}
