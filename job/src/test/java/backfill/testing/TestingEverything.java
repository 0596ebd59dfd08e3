package backfill.testing;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A table with a column of every type, and one of its arrays, each filled with the nasty values of
 * its type; and what of it has arrived in another.
 */
public final class TestingEverything {
  public static final String NAME = "everything";

  private final TestingDatabase database;
  private final List<TestingTypes.Column> columns;
  private final int rows;

  private TestingEverything(TestingDatabase database, List<TestingTypes.Column> columns) {
    this.database = database;
    this.columns = columns;
    this.rows = columns.stream().mapToInt(column -> column.values().size()).max().orElse(0) + 1;
  }

  /**
   * @param some which columns, by their name
   */
  public static TestingEverything create(TestingDatabase database, Pattern some)
      throws SQLException {
    TestingTypes.create(database);
    TestingEverything table =
        new TestingEverything(
            database,
            TestingTypes.columns(database).stream()
                .filter(column -> some.matcher(column.name()).find())
                .toList());
    database.execute(table.statements().toArray(String[]::new));
    return table;
  }

  private List<String> statements() {
    List<String> statements = new ArrayList<>();
    statements.add(
        columns.stream()
            .map(column -> column.name() + " " + column.type())
            .collect(
                Collectors.joining(
                    ", ", "CREATE TABLE " + NAME + " (id integer PRIMARY KEY, ", ")")));
    for (int row = 0; row < rows; row++) {
      int at = row;
      statements.add(
          columns.stream()
              .map(column -> column.value(at))
              .collect(
                  Collectors.joining(", ", "INSERT INTO " + NAME + " VALUES (" + row + ", ", ")")));
    }
    return statements;
  }

  /** How many rows it has; their ids begin at 0. */
  public int rows() {
    return rows;
  }

  public List<String> names() {
    return columns.stream().map(TestingTypes.Column::name).toList();
  }

  /** A table like it, without rows. */
  public void copyTo(String table) throws SQLException {
    database.execute("CREATE TABLE %s (LIKE %s INCLUDING ALL)".formatted(table, NAME));
  }

  /** Each value that is another there, as the server writes it. */
  public List<String> differences(String table, Collection<String> names) throws SQLException {
    return differences(table, names, name -> false);
  }

  /**
   * The same, but some columns' values are the same where the server's {@code =} says so: an upsert
   * leaves such a value as it is.
   */
  public List<String> differences(String table, Collection<String> names, Predicate<String> loose)
      throws SQLException {
    String values =
        names.stream()
            .map(
                name ->
                    "('%1$s', s.%1$s::text COLLATE \"C\", (%2$s)::text COLLATE \"C\")"
                        .formatted(
                            name,
                            loose.test(name)
                                ? "CASE WHEN s.%1$s OPERATOR(%2$s.=) d.%1$s THEN s.%1$s ELSE d.%1$s END"
                                    .formatted(
                                        name, name.startsWith("v_ext_") ? "ext" : "pg_catalog")
                                : "d." + name))
            .collect(Collectors.joining(", "));
    return database
        .rows(
            """
            SELECT v.name || ' of row ' || s.id || ': ' || coalesce(left(v.was, 200), 'NULL') || ' is '
                   || coalesce(left(v.now, 200), CASE WHEN d.id IS NULL THEN 'absent' ELSE 'NULL' END)
            FROM %s s LEFT JOIN %s d USING (id), LATERAL (VALUES %s) v(name, was, now)
            WHERE v.was IS DISTINCT FROM v.now OR d.id IS NULL ORDER BY v.name, s.id
            """
                .formatted(NAME, table, values))
        .stream()
        .map(row -> table + "." + row.get(0))
        .toList();
  }
}
