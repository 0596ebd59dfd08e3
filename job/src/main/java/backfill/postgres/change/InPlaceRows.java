package backfill.postgres.change;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rows that a {@code batches} step has to do, one after the other in the order of their keys,
 * as texts; only some of them are in memory.
 *
 * @param key the columns that identify a row
 * @param set the columns that are set; none for a deletion
 */
public record InPlaceRows(
    ChangeScope scope, Step.InPlace step, ChangeTarget target, List<String> key, List<String> set) {
  private static final int ROWS_AT_A_TIME = 5_000;

  public static InPlaceRows of(ChangeScope scope, FoundChangeTargets changes, Step.InPlace step) {
    ChangeTarget target = changes.targets().get(step.name());
    return new InPlaceRows(
        scope,
        step,
        target,
        target.key().stream().map(TargetColumn::name).toList(),
        List.copyOf(step.set().keySet()));
  }

  /** What takes the rows in. */
  @FunctionalInterface
  public interface Reader<T> {
    /** May be called again, where a server's failure passes. */
    T read(Rows rows) throws SQLException;
  }

  /** The rows, of which one is looked at. */
  public interface Rows {
    boolean next() throws SQLException;

    /** Its key. */
    String[] key() throws SQLException;

    /** What it has in the columns that are set. */
    String[] before() throws SQLException;

    /** What the step would put there. */
    String[] after() throws SQLException;
  }

  /** From the table as it is. */
  public <T> T now(Reader<T> reader) throws SQLException {
    return scope.ask(
        inquiry ->
            read(
                inquiry,
                target.table().name().quoted(),
                set.stream().map(name -> target.table().column(name).orElseThrow().type()).toList(),
                reader));
  }

  /**
   * From the table as earlier steps of the run will leave it; empty where that is not known before.
   */
  public <T> Optional<T> foretold(Map<String, Table> tables, Reader<T> reader) throws SQLException {
    return scope.ask(
        inquiry -> {
          PendingTable pending = PendingTable.of(inquiry, scope, tables, step);
          return pending.unknown().isPresent()
              ? Optional.empty()
              : Optional.of(
                  read(inquiry, pending.from(), set.stream().map(pending::type).toList(), reader));
        });
  }

  private <T> T read(Inquiry inquiry, String from, List<String> types, Reader<T> reader)
      throws SQLException {
    return inquiry.askWithoutHurry(
        connection -> {
          SessionSettings.hideNoRows(connection);
          return read(connection, sql(from, types), reader);
        });
  }

  private <T> T read(Connection connection, String sql, Reader<T> reader) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.setFetchSize(ROWS_AT_A_TIME);
      try (ResultSet result = statement.executeQuery(sql)) {
        return reader.read(new Answer(result, key.size(), set.size()));
      }
    }
  }

  /** A value that chance decides is not asked for: it would be another one. */
  private String sql(String from, List<String> types) {
    List<String> cells = new ArrayList<>(target.columns());
    set.forEach(name -> cells.add(TableName.quote(name)));
    for (int i = 0; i < set.size(); i++) {
      String value = step.set().get(set.get(i));
      cells.add(
          step.chance().contains(set.get(i))
              ? "NULL"
              : "CAST((" + scope.inline(value) + "\n) AS " + types.get(i) + ")");
    }
    return String.join(
        " ",
        "SELECT " + String.join("::text, ", cells) + "::text",
        "FROM " + from,
        "WHERE (" + scope.inline(step.where()) + "\n)",
        "ORDER BY " + String.join(", ", target.columns()));
  }

  private record Answer(ResultSet result, int keys, int values) implements Rows {
    @Override
    public boolean next() throws SQLException {
      return result.next();
    }

    @Override
    public String[] key() throws SQLException {
      return texts(0, keys);
    }

    @Override
    public String[] before() throws SQLException {
      return texts(keys, values);
    }

    @Override
    public String[] after() throws SQLException {
      return texts(keys + values, values);
    }

    private String[] texts(int from, int count) throws SQLException {
      String[] texts = new String[count];
      for (int i = 0; i < count; i++) {
        texts[i] = result.getString(from + i + 1);
      }
      return texts;
    }
  }
}
