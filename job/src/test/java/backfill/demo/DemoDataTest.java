package backfill.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DemoDataTest {
  private static final String BACKED =
      """
      (SELECT product_id, user_id FROM dojo_product_member
       UNION SELECT g.product_id, m.user_id FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id))
      """;

  private static DemoServer server;
  private static Connection connection;

  @BeforeAll
  static void start() throws SQLException {
    server = DemoServer.start();
    connection = DriverManager.getConnection(server.url(), server.user(), server.password());
    DemoData.fill(connection, Scale.SMALL);
  }

  @AfterAll
  static void stop() throws SQLException {
    connection.close();
    server.close();
  }

  @BeforeEach
  void inTheFullInstallation() throws SQLException {
    connection.setSchema("public");
  }

  @Test
  void smallGivesAboutNinetyThousandPairs() throws SQLException {
    assertThat(number("SELECT count(*) FROM " + BACKED + " backed")).isBetween(80_000L, 100_000L);
  }

  @Test
  void tinyGivesAFewHundredPairsAndSaysWhatItMade() throws SQLException {
    in("tiny");
    Counts counts = DemoData.fill(connection, Scale.TINY);

    assertThat(counts.sentence())
        .isEqualTo(
            "72 users with 92 memberships of 24 groups; 36 products of 3 types, granted 123 times to a user and 78"
                + " times to a group; 26 global roles; 9 pairs already there.");
    assertThat(number("SELECT count(*) FROM " + BACKED + " backed")).isBetween(200L, 500L);
  }

  @Test
  void sameRowsEachTime() throws SQLException {
    in("once");
    DemoData.fill(connection, Scale.TINY);
    List<String> once = everything();
    in("again");
    DemoData.fill(connection, Scale.TINY);

    assertThat(everything()).isEqualTo(once).hasSizeGreaterThan(300);
  }

  @Test
  void everyCaseOfARealInstallationIsThere() throws SQLException {
    Map<String, String> cases =
        Map.of(
            "a member of a group twice",
            "SELECT FROM dojo_dojo_group_member GROUP BY group_id, user_id HAVING count(*) > 1",
            "a direct member twice",
            "SELECT FROM dojo_product_member GROUP BY product_id, user_id HAVING count(*) > 1",
            "a direct member who is in a group too",
            "SELECT FROM dojo_product_member d JOIN dojo_product_group g USING (product_id)"
                + " JOIN dojo_dojo_group_member m USING (group_id) WHERE m.user_id = d.user_id",
            "a grant to a group without members",
            "SELECT FROM dojo_product_group g"
                + " WHERE NOT EXISTS (SELECT FROM dojo_dojo_group_member m WHERE m.group_id = g.group_id)",
            "an inactive member",
            "SELECT FROM dojo_dojo_group_member m JOIN auth_user u ON u.id = m.user_id WHERE NOT u.is_active",
            "a global role that is none",
            "SELECT FROM dojo_global_role WHERE role_id IS NULL",
            "a pair that is there and backed",
            "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users INTERSECT SELECT * FROM "
                + BACKED
                + " backed",
            "a pair that is there and not backed",
            "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users EXCEPT SELECT * FROM "
                + BACKED
                + " backed");
    for (Map.Entry<String, String> one : cases.entrySet()) {
      assertThat(number("SELECT count(*) FROM (" + one.getValue() + ") c"))
          .as(one.getKey())
          .isPositive();
    }
    for (String holder : List.of("user_id", "group_id")) {
      assertThat(
              number(
                  "SELECT count(DISTINCT role_id) FROM dojo_global_role WHERE "
                      + holder
                      + " IS NOT NULL"))
          .as("roles by " + holder)
          .isEqualTo(5);
    }
  }

  @Test
  void identitiesGoOnBehindTheRows() throws SQLException {
    assertThat(number("INSERT INTO dojo_product_type (name) VALUES ('one more') RETURNING id"))
        .isEqualTo(126);
  }

  @Test
  void failedFillLeavesNothingBehindAndAutocommitOn() throws SQLException {
    in("failed");
    execute("CREATE TABLE dojo_role (x int)");

    assertThatThrownBy(() -> DemoData.fill(connection, Scale.TINY))
        .hasMessageContaining("dojo_role");
    assertThat(number("SELECT count(*) FROM pg_tables WHERE schemaname = 'failed'")).isEqualTo(1);
    assertThat(connection.getAutoCommit()).isTrue();
  }

  @Test
  void numberThatNoScaleSetsIsRefused() {
    assertThat(DemoData.withNumbers("SELECT '1'::int + :users", Map.of("users", 4)))
        .isEqualTo("SELECT '1'::int + 4");
    assertThatThrownBy(() -> DemoData.withNumbers("SELECT :user", Map.of("users", 4)))
        .hasMessage("the demo's SQL asks for :user, which its scale does not set");
  }

  private static void in(String schema) throws SQLException {
    execute("CREATE SCHEMA " + schema);
    connection.setSchema(schema);
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long number(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Every row of every table, as text. */
  private static List<String> everything() throws SQLException {
    List<String> rows = new ArrayList<>();
    for (String table :
        List.of(
            "auth_user",
            "dojo_product",
            "dojo_dojo_group",
            "dojo_dojo_group_member",
            "dojo_product_group",
            "dojo_product_type_group",
            "dojo_product_member",
            "dojo_product_type_member",
            "dojo_global_role",
            "dojo_product_authorized_users",
            "dojo_product_type_authorized_users")) {
      try (Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery("SELECT t::text FROM " + table + " t ORDER BY id")) {
        while (row.next()) {
          rows.add(table + row.getString(1));
        }
      }
    }
    return rows;
  }
}
