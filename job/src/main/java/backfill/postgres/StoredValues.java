package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * Asks the server how rows would look in a table that does not have them yet: each value cast to
 * its column's type, with the type's own bounds, and read again. Writes nothing. Used by one
 * thread.
 */
public final class StoredValues implements AutoCloseable {
  private final Connection connection;
  private final List<TargetColumn> columns;
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
   * @param table as conditions may call it
   * @param columns of the rows, with types that cast
   * @param constants column to an SQL expression, for columns that the rows do not give
   * @param selected SQL over all of them, one for each value of the answer
   * @param where PostgreSQL over the columns, or null
   */
  public StoredValues(
      Database database,
      String applicationName,
      TableName table,
      List<TargetColumn> columns,
      Map<String, String> constants,
      List<String> selected,
      String where)
      throws SQLException {
    this.columns = columns;
    this.sql = sql(table, columns, constants, selected, where);
    this.connection = database.connectForReading(applicationName);
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
  }

  private static String sql(
      TableName table,
      List<TargetColumn> columns,
      Map<String, String> constants,
      List<String> selected,
      String where) {
    List<String> cast = new ArrayList<>();
    List<String> arrays = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      TargetColumn column = columns.get(i);
      arrays.add("?::pg_catalog." + column.elementType() + "[]");
      names.add("c" + i);
      cast.add("n.c" + i + "::" + column.type() + " AS " + column.quoted());
    }
    constants.forEach((name, value) -> cast.add(value + " AS " + TableName.quote(name)));
    String place = TableName.quote("row's place");
    cast.add("n.place AS " + place);
    // The line's end is for a condition that ends in a comment.
    return "SELECT "
        + selected.stream().map(value -> value + ", ").collect(Collectors.joining())
        + place
        + " FROM (SELECT "
        + String.join(", ", cast)
        + " FROM unnest("
        + String.join(", ", arrays)
        + ") WITH ORDINALITY AS n("
        + String.join(", ", names)
        + ", place)) AS "
        + TableName.quote(table.name())
        + (where == null ? "" : " WHERE (" + where.replace("?", "??") + "\n)");
  }

  /** An empty batch of the columns. */
  public Batch newBatch() {
    return new Batch(columns);
  }

  /** Whether the statement can be asked at all: names and types, of no row. */
  public void probe() throws SQLException {
    ask(newBatch());
  }

  /**
   * Asks about the rows; where the server stumbles over a value, in halves, until it is alone.
   *
   * @throws SQLException for a failure that is not of a value
   */
  public Answer ask(Batch rows) throws SQLException {
    Answer answer = new Answer(new HashMap<>(), new HashMap<>());
    ask(rows, 0, answer);
    return answer;
  }

  private void ask(Batch rows, int first, Answer answer) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < columns.size(); i++) {
        statement.setArray(
            i + 1,
            connection
                .unwrap(PGConnection.class)
                .createArrayOf(columns.get(i).elementType(), rows.values(i).array()));
      }
      Map<Integer, Object[]> values = new HashMap<>();
      try (ResultSet row = statement.executeQuery()) {
        int places = row.getMetaData().getColumnCount();
        while (row.next()) {
          Object[] read = new Object[places - 1];
          for (int i = 0; i < read.length; i++) {
            read[i] = value(row.getObject(i + 1));
          }
          values.put(first + row.getInt(places) - 1, read);
        }
      }
      connection.commit();
      answer.rows().putAll(values);
    } catch (SQLException e) {
      connection.rollback();
      String state = String.valueOf(e.getSQLState());
      if (rows.size() == 0 || !(state.startsWith("22") || state.startsWith("23"))) {
        throw e;
      }
      if (rows.size() == 1) {
        answer.refused().put(first, Rejection.of(e, List.of()).reason());
        return;
      }
      int middle = rows.size() / 2;
      ask(rows.part(0, middle), first, answer);
      ask(rows.part(middle, rows.size()), first + middle, answer);
    }
  }

  private static Object value(Object value) throws SQLException {
    return value instanceof java.sql.Array array ? array.getArray() : value;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
