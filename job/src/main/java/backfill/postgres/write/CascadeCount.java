package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Counts the rows that a deletion would take from a table and, along foreign keys, from others;
 * deletes none.
 */
public final class CascadeCount {
  private final Cascades cascades;

  public CascadeCount(Cascades cascades) {
    this.cascades = cascades;
  }

  /**
   * Table to rows that would go along with those of some keys.
   *
   * @param key the columns that identify a row of the target
   * @param keys of the rows that would go: an array of texts for each of these columns
   * @throws IllegalStateException with what the server said
   * @return empty where a foreign key leads back to where it began, so that no one query counts it,
   *     and where we may not read what would go along
   */
  public static Optional<Map<String, Long>> of(
      Database database,
      String applicationName,
      Settings settings,
      Target target,
      List<String> key,
      List<String[]> keys) {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry =
            new Inquiry(connection, settings.lockTimeout(), settings.write().retryFor())) {
      Cascades cascades = Cascades.of(inquiry, target.table());
      return cascades.turnsBack()
          ? Optional.empty()
          : Optional.of(
              new CascadeCount(cascades)
                  .ask(
                      inquiry,
                      target.table().name().quoted(),
                      among(target.table(), key),
                      keys.toArray())
                  .along());
    } catch (SQLException e) {
      if (SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
        return Optional.empty();
      }
      throw new IllegalStateException(
          "cannot count what goes along with rows of "
              + target.table().name()
              + ": "
              + SqlFailure.message(e),
          e);
    }
  }

  /** Whether no row of another table goes along with one of the target's. */
  public static boolean isNone(
      Database database, String applicationName, Settings settings, Target target) {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry =
            new Inquiry(connection, settings.lockTimeout(), settings.write().retryFor())) {
      return Cascades.of(inquiry, target.table()).children().isEmpty();
    } catch (SQLException e) {
      throw new IllegalStateException(
          "cannot look what goes along with rows of "
              + target.table().name()
              + ": "
              + SqlFailure.message(e),
          e);
    }
  }

  /**
   * What would go.
   *
   * @param rows of the table itself
   * @param along table to rows
   */
  public record Counted(long rows, Map<String, Long> along) {}

  /**
   * @param from the table as the deletion finds it
   */
  public Counted ask(Inquiry inquiry, String from, String where, Object... values)
      throws SQLException {
    String sql = sql(from, where);
    return inquiry.askWithoutHurry(
        connection -> {
          SessionSettings.hideNoRows(connection);
          return Inquiry.rows(connection, sql, this::counted, values).get(0);
        });
  }

  private Counted counted(ResultSet row) throws SQLException {
    Map<String, Long> along = new LinkedHashMap<>();
    List<Long> order = cascades.order();
    for (int i = 0; i < order.size(); i++) {
      along.put(cascades.children().get(order.get(i)).toString(), row.getLong(i + 2));
    }
    return new Counted(row.getLong(1), along);
  }

  /** One query for all of it. Rows that two foreign keys reach count once. */
  private String sql(String from, String where) {
    List<String> tables = new ArrayList<>();
    List<String> counts = new ArrayList<>();
    long origin = cascades.origin().oid();
    tables.add(rows(origin, from, where));
    counts.add(count(origin));
    for (long child : cascades.order()) {
      String reached =
          cascades.edgesTo(child).stream()
              .map(
                  edge ->
                      "("
                          + quoted(edge.columns())
                          + ") IN (SELECT "
                          + quoted(edge.parentColumns())
                          + " FROM "
                          + cte(edge.parent())
                          + ")")
              .collect(Collectors.joining(" OR "));
      tables.add(rows(child, cascades.children().get(child).quoted(), reached));
      counts.add(count(child));
    }
    return "WITH " + String.join(", ", tables) + " SELECT " + String.join(", ", counts);
  }

  private String rows(long table, String from, String where) {
    Set<String> columns =
        cascades.edges().stream()
            .filter(edge -> edge.parent() == table)
            .flatMap(edge -> edge.parentColumns().stream())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return cte(table)
        + " AS MATERIALIZED (SELECT "
        + quoted(columns)
        + " FROM "
        + from
        + " WHERE ("
        + where
        + "\n))";
  }

  private static String count(long table) {
    return "(SELECT count(*) FROM " + cte(table) + ")";
  }

  private static String cte(long table) {
    return "backfill_rows_" + table;
  }

  private static String quoted(Collection<String> columns) {
    return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
  }

  /** Which rows have one of some keys, given as an array of texts for each column. */
  public static String among(Table table, List<String> key) {
    return key.stream().map(TableName::quote).collect(Collectors.joining(", ", "(", ")"))
        + " IN (SELECT "
        + IntStream.range(0, key.size())
            .mapToObj(i -> "n.c" + i + "::" + table.column(key.get(i)).orElseThrow().castType())
            .collect(Collectors.joining(", "))
        + " FROM unnest("
        + key.stream().map(column -> "?::pg_catalog.text[]").collect(Collectors.joining(", "))
        + ") AS n("
        + IntStream.range(0, key.size()).mapToObj(i -> "c" + i).collect(Collectors.joining(", "))
        + "))";
  }
}
