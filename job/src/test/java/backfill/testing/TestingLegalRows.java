package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Random rows of any table, as far as its constraints let them in: of each column its default,
 * NULL, what is empty, the ends of its type, or one of a few values that other rows name, too.
 */
public final class TestingLegalRows {
  private static final Map<String, List<String>> SMALL =
      Map.of(
          "smallint", List.of("1", "2", "3"),
          "integer", List.of("1", "2", "3", "4"),
          "bigint", List.of("1", "2", "3", "4"),
          "text", List.of("a", "b"),
          "uuid",
              List.of(
                  "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"),
          "bigint[]", List.of("{1}", "{2,3}", "{3,1,4}"));

  private static final List<String> TIMES =
      List.of("infinity", "-infinity", "4713-01-01 BC", "1969-12-31", "9999-12-31 23:59:59.999999");

  /** Empty ones, and those at the ends. */
  private static final Map<String, List<String>> EDGES =
      Map.ofEntries(
          Map.entry("smallint", List.of("0", "-1", "-32768", "32767")),
          Map.entry("integer", List.of("0", "-1", "-2147483648", "2147483647")),
          Map.entry("bigint", List.of("0", "-9223372036854775808", "9223372036854775807")),
          Map.entry("boolean", List.of("true", "false")),
          Map.entry("text", List.of("", " ", "Ä 😀'\\\"\t\n", "NULL", "{}", "x".repeat(9000))),
          Map.entry(
              "uuid",
              List.of(
                  "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
          Map.entry("date", TIMES),
          Map.entry("timestamp without time zone", TIMES),
          Map.entry("timestamp with time zone", TIMES),
          Map.entry("bytea", List.of("", "\\x00", "\\xff00ff")),
          Map.entry("inet", List.of("0.0.0.0", "::/0", "ffff::1")),
          Map.entry("bigint[]", List.of("{}", "{NULL}", "{NULL,1}", "{9223372036854775807}")),
          Map.entry("text[]", List.of("{}", "{NULL}", "{\"\"}", "{a,b}")));

  /** Integrity, data exceptions (a text that is too long), and what a trigger raises. */
  private static final Set<String> REFUSALS = Set.of("22", "23", "P0");

  private record Column(String name, String type, boolean nullable, boolean byDefault) {}

  private final TestingDatabase database;
  private final Random random;
  private final Map<String, List<String>> told;

  /**
   * @param told further values of a type, those that the plan looks for
   */
  public TestingLegalRows(TestingDatabase database, Random random, Map<String, List<String>> told) {
    this.database = database;
    this.random = random;
    this.told = told;
  }

  /**
   * Tries so many rows.
   *
   * @param alwaysByDefault columns that the application itself never writes
   * @throws IllegalStateException if hardly any got in: then they would test nothing
   */
  public void into(String table, int tries, String... alwaysByDefault) throws SQLException {
    List<Column> columns = columns(table);
    columns.removeIf(column -> List.of(alwaysByDefault).contains(column.name()));
    int inserted = 0;
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < tries; i++) {
        try {
          inserted += statement.executeUpdate(insert(table, columns));
        } catch (SQLException e) {
          if (!REFUSALS.contains(e.getSQLState().substring(0, 2))) {
            throw e;
          }
        }
      }
    }
    if (inserted < 2) {
      throw new IllegalStateException(table + " took " + inserted + " of " + tries + " rows");
    }
  }

  private List<Column> columns(String table) throws SQLException {
    List<Column> columns = new ArrayList<>();
    for (List<Object> row :
        database.rows(
            """
            SELECT attname::text, format_type(atttypid, NULL), NOT attnotnull, atthasdef OR attidentity <> ''
            FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped"""
                .formatted(table))) {
      columns.add(
          new Column(
              (String) row.get(0),
              ((String) row.get(1)).replace("character varying", "text"),
              (Boolean) row.get(2),
              (Boolean) row.get(3)));
    }
    return columns;
  }

  private String insert(String table, List<Column> columns) throws SQLException {
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (Column column : columns) {
      names.add('"' + column.name() + '"');
      values.add(value(column));
    }
    return "INSERT INTO %s (%s) VALUES (%s)"
        .formatted(table, String.join(", ", names), String.join(", ", values));
  }

  private String value(Column column) throws SQLException {
    int kind = random.nextInt(10);
    if (column.byDefault() && kind < 2) {
      return "DEFAULT";
    }
    if (column.nullable() && (kind == 2 || kind > 6 && !column.byDefault())) {
      return "NULL";
    }
    List<String> edges =
        EDGES.containsKey(column.type()) ? EDGES.get(column.type()) : labels(column);
    List<String> common = new ArrayList<>(SMALL.getOrDefault(column.type(), edges));
    // Oftener than the others: what the plan never meets says nothing of it.
    for (int times = 0; times < 3; times++) {
      common.addAll(told.getOrDefault(column.type(), List.of()));
    }
    List<String> from = kind < 5 ? edges : common;
    return "'" + from.get(random.nextInt(from.size())).replace("'", "''") + "'";
  }

  private List<String> labels(Column column) throws SQLException {
    List<String> labels =
        database.rows("SELECT unnest(enum_range(NULL::" + column.type() + "))::text").stream()
            .map(row -> (String) row.get(0))
            .toList();
    // Two labels are told apart; of 140 the test would take long to meet one twice.
    return labels.subList(0, Math.min(2, labels.size()));
  }
}
