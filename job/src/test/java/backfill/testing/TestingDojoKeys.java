package backfill.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a DefectDojo keys of another type: those of users, products, product types and groups, and
 * every column that refers to them. Names, and whatever goes by them, stay.
 */
public final class TestingDojoKeys {
  private static final String TABLES =
      "(SELECT unnest(ARRAY['auth_user', 'dojo_product', 'dojo_product_type', 'dojo_dojo_group']::regclass[]))";

  /** Texts that somebody's quoting or order may stumble over, each the whole of a key. */
  private static final List<String> ODD =
      List.of(
          "",
          "NULL",
          "null",
          "\\N",
          "\\.",
          "{}",
          "\"",
          "\"\"",
          "'",
          "\\",
          ",",
          " ",
          "a\nb",
          "a\r\nb",
          "\t",
          "\u0001",
          "\uD83D\uDE00",
          "\uFFFD",
          "\uFFFF",
          "é",
          "e\u0301",
          "k",
          "K",
          "a,b",
          "(1, 2)",
          "0",
          "00",
          "-1",
          "x".repeat(900));

  private TestingDojoKeys() {}

  /** Each key becomes a uuid that looks random; the same number the same one. */
  public static void becomeUuids(TestingDatabase database) throws SQLException {
    become(database, "uuid", "pg_catalog.md5(%s::text)::uuid");
  }

  /** Each key becomes a text, of which some are odd; the same number the same one. */
  public static void becomeTexts(TestingDatabase database, String type) throws SQLException {
    database.execute(
        "CREATE TABLE odd (id int GENERATED ALWAYS AS IDENTITY, was bigint UNIQUE, key text UNIQUE)",
        "CREATE FUNCTION odd(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT key FROM odd WHERE was = $1'");
    for (List<Object> column : columns(database)) {
      database.execute(
          "INSERT INTO odd (was) SELECT DISTINCT %2$s FROM %1$s WHERE %2$s IS NOT NULL ON CONFLICT DO NOTHING"
              .formatted(column.toArray()));
    }
    try (Connection connection = database.connection();
        PreparedStatement statement =
            connection.prepareStatement("UPDATE odd SET key = ? WHERE id = ?")) {
      List<List<Object>> ids = database.rows("SELECT id FROM odd ORDER BY was");
      for (int i = 0; i < ids.size(); i++) {
        String odd = ODD.get(i % ODD.size());
        statement.setString(1, i < ODD.size() ? odd : odd + i);
        statement.setObject(2, ids.get(i).get(0));
        statement.executeUpdate();
      }
    }
    become(database, type, "odd(%s)");
  }

  private static void become(TestingDatabase database, String type, String key)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    List<String> after = new ArrayList<>();
    for (List<Object> constraint :
        database.rows(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
                + " WHERE contype = 'f' AND confrelid IN "
                + TABLES)) {
      statements.add("ALTER TABLE %s DROP CONSTRAINT %s".formatted(constraint.toArray()));
      after.add("ALTER TABLE %s ADD CONSTRAINT %s %s".formatted(constraint.toArray()));
    }
    for (List<Object> column : columns(database)) {
      statements.add("ALTER TABLE %s ALTER %s DROP IDENTITY IF EXISTS".formatted(column.toArray()));
      statements.add(
          "ALTER TABLE %s ALTER %s TYPE %s USING %s"
              .formatted(
                  column.get(0), column.get(1), type, key.formatted(column.get(1).toString())));
    }
    statements.addAll(after);
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Table and column of each key. */
  private static List<List<Object>> columns(TestingDatabase database) throws SQLException {
    return database.rows(
        """
        SELECT c.conrelid::regclass::text, a.attname::text
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.confrelid IN %1$s OR c.contype = 'p' AND c.conrelid IN %1$s
        ORDER BY 1, 2
        """
            .formatted(TABLES));
  }
}
