package backfill.demo;

import backfill.plan.sql.Placeholders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/** DefectDojo's tables, and made-up rows for them that are the same each time. */
public final class DemoData {
  private static final String COUNTS =
      """
      SELECT (SELECT count(*) FROM auth_user),
             (SELECT count(*) FROM dojo_dojo_group),
             (SELECT count(*) FROM dojo_dojo_group_member),
             (SELECT count(*) FROM dojo_product),
             (SELECT count(*) FROM dojo_product_type),
             (SELECT count(*) FROM dojo_product_member) + (SELECT count(*) FROM dojo_product_type_member),
             (SELECT count(*) FROM dojo_product_group) + (SELECT count(*) FROM dojo_product_type_group),
             (SELECT count(*) FROM dojo_global_role),
             (SELECT count(*) FROM dojo_product_authorized_users)
               + (SELECT count(*) FROM dojo_product_type_authorized_users)
      """;

  /** {@code :name} as in psql, but not the second half of a {@code ::cast}. */
  private DemoData() {}

  /**
   * Makes the tables in the connection's current schema, with DefectDojo's five roles and nothing
   * else.
   */
  public static void createTables(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(resource("schema.sql"));
    }
  }

  /**
   * Makes the tables and fills them, all or nothing, and leaves statistics as autovacuum would.
   *
   * @param connection in autocommit, because VACUUM refuses a transaction
   */
  public static Counts fill(Connection connection, Scale scale) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      createTables(connection);
      statement.execute(withNumbers(resource("data.sql"), scale.variables()));
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("VACUUM (ANALYZE)");
    }
    return counts(connection);
  }

  private static Counts counts(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(COUNTS)) {
      row.next();
      return new Counts(
          row.getLong(1),
          row.getLong(2),
          row.getLong(3),
          row.getLong(4),
          row.getLong(5),
          new Counts.GrantRows(row.getLong(6), row.getLong(7), row.getLong(8)),
          row.getLong(9));
    }
  }

  static String withNumbers(String sql, Map<String, Integer> variables) {
    return Placeholders.replace(
        sql,
        name -> {
          Integer number = variables.get(name);
          if (number == null) {
            throw new IllegalArgumentException(
                "the demo's SQL asks for :" + name + ", which its scale does not set");
          }
          return number.toString();
        });
  }

  private static String resource(String name) {
    try (InputStream in = DemoData.class.getResourceAsStream("/demo/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
