package backfill.postgres.write;

import backfill.plan.sql.Placeholders;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * Asks the server how rows would look in a table that does not have them yet: each value is read by
 * the input function of its column's type, with the column's length and precision, as COPY and an
 * INSERT do it, and given back. A cast would cut what is too long. Writes nothing. Used by one
 * thread.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING">json_to_record</a>
 */
public final class StoredValues implements AutoCloseable {
  private static final String PLACE = "row's place";
  private static final JsonStringEncoder JSON = JsonStringEncoder.getInstance();

  private final Connection connection;
  private final String sql;

  /**
   * What became of some rows.
   *
   * @param rows place among those asked about to the values, which the driver gives as objects; a
   *     row that the condition leaves out is absent
   * @param refused place to why the server takes a value for none of its column's type
   */
  public record Answer(Map<Integer, Object[]> rows, Map<Integer, String> refused) {}

  /**
   * @param sql that of {@link #asking} or {@link #comparing}
   */
  public StoredValues(Database database, String applicationName, String sql) throws SQLException {
    this.sql = sql;
    this.connection = database.connectForReading(applicationName);
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
  }

  /**
   * For rows that hold, for each of these columns, two texts one after the other: the answer has a
   * boolean for each, whether the server takes both for the same value. NULL is the same as NULL.
   */
  public static String comparing(List<Column> columns) {
    List<String> record = new ArrayList<>();
    List<String> same = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      record.add("c" + 2 * i + " pg_catalog.text");
      record.add("c" + (2 * i + 1) + " pg_catalog.text");
      Column column = columns.get(i);
      String collated =
          column.looseCollation().map(collation -> " COLLATE " + collation.quoted()).orElse("");
      String cast = "::" + column.castType() + collated;
      same.add(
          TargetColumn.of(column, false)
              .unchanged("(r.c" + 2 * i + cast + ")", "(r.c" + (2 * i + 1) + cast + ")"));
    }
    return "SELECT "
        + same.stream().map(each -> each + ", ").collect(Collectors.joining())
        + "n.place FROM "
        + records(record);
  }

  private static String records(List<String> columns) {
    return "pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS n(v, place)"
        + " CROSS JOIN LATERAL pg_catalog.json_to_record(n.v::pg_catalog.json) AS r("
        + String.join(", ", columns)
        + ")";
  }

  /**
   * For rows of some columns of a table: the answer has what is selected.
   *
   * @param table as conditions may call it
   * @param columns of the rows, of the table
   * @param constants column to an SQL expression, for columns that the rows do not give
   * @param selected SQL over all of them, one for each value of the answer
   * @param where PostgreSQL over the columns, or null
   */
  public static String asking(
      TableName table,
      List<Column> columns,
      Map<String, String> constants,
      List<String> selected,
      String where) {
    List<String> values = new ArrayList<>();
    List<String> record = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      // A string that stands for JSON is to be read as JSON, and not as a string of JSON.
      boolean json = ValueGroup.isJson(column);
      record.add("c" + i + " " + (json ? "pg_catalog.text" : column.storedType()));
      values.add(
          "r.c"
              + i
              + (json ? "::pg_catalog." + column.castType() : "")
              + " AS "
              + TableName.quote(column.name()));
    }
    constants.forEach((name, value) -> values.add(value + " AS " + TableName.quote(name)));
    values.add("n.place AS " + TableName.quote(PLACE));
    // The line's end is for a condition that ends in a comment.
    return "SELECT "
        + selected.stream().map(value -> value + ", ").collect(Collectors.joining())
        + TableName.quote(PLACE)
        + " FROM (SELECT "
        + String.join(", ", values)
        + " FROM "
        + records(record)
        + ") AS "
        + TableName.quote(table.name())
        + (where == null ? "" : " WHERE (" + Placeholders.escapeQuestionMarks(where) + "\n)");
  }

  /** Whether the statement can be asked at all: names and types, of no row. */
  public void probe() throws SQLException {
    ask(List.of());
  }

  /**
   * Asks about the rows; where the server stumbles over a value, in halves, until it is alone.
   *
   * @param rows their values as the server reads them, in the order of the columns
   * @throws SQLException for a failure that is not of a value
   */
  public Answer ask(List<String[]> rows) throws SQLException {
    Answer answer = new Answer(new HashMap<>(), new HashMap<>());
    ask(
        rows.stream().map(StoredValues::record).toArray(String[]::new),
        0,
        (place, values) -> answer.rows().put(place, values),
        (place, reason) -> answer.refused().put(place, reason));
    return answer;
  }

  /** A row as an object of JSON, every value a string. */
  private static String record(String[] values) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < values.length; i++) {
      json.append(i == 0 ? "" : ",").append("\"c").append(i).append("\":");
      if (values[i] == null) {
        json.append("null");
      } else {
        json.append('"');
        JSON.quoteAsString(values[i], json);
        json.append('"');
      }
    }
    return json.append('}').toString();
  }

  private void ask(
      String[] records,
      int first,
      BiConsumer<Integer, Object[]> given,
      BiConsumer<Integer, String> refused)
      throws SQLException {
    try {
      SessionSettings.begin(connection);
      Map<Integer, Object[]> values = answer(records);
      connection.commit();
      values.forEach((place, row) -> given.accept(first + place, row));
    } catch (SQLException e) {
      connection.rollback();
      String state = String.valueOf(e.getSQLState());
      if (records.length == 0 || !(state.startsWith("22") || state.startsWith("23"))) {
        throw e;
      }
      if (records.length == 1) {
        refused.accept(first, Rejection.of(e, List.of()).reason());
        return;
      }
      PieceSize.<SQLException>halve(
          records.length,
          (from, to) -> ask(Arrays.copyOfRange(records, from, to), first + from, given, refused));
    }
  }

  private Map<Integer, Object[]> answer(String[] records) throws SQLException {
    Map<Integer, Object[]> values = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setArray(1, connection.unwrap(PGConnection.class).createArrayOf("text", records));
      try (ResultSet row = statement.executeQuery()) {
        int places = row.getMetaData().getColumnCount();
        while (row.next()) {
          Object[] read = new Object[places - 1];
          for (int i = 0; i < read.length; i++) {
            read[i] = value(row.getObject(i + 1));
          }
          values.put(row.getInt(places) - 1, read);
        }
      }
    }
    return values;
  }

  private static Object value(Object value) throws SQLException {
    return value instanceof java.sql.Array array ? array.getArray() : value;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
