package backfill.postgres;

import backfill.plan.Settings;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Counts the rows that foreign keys would take along with rows of some keys; deletes none. */
public final class CascadeCount {
  private CascadeCount() {}

  /**
   * Table to rows.
   *
   * @param key the columns that identify a row of the target
   * @param keys of the rows that would go: an array of texts for each of these columns
   * @throws IllegalStateException with what the server said
   * @return empty where a foreign key leads back to where it began, so that no one query counts it
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
      if (cascades.turnsBack()) {
        return Optional.empty();
      }
      String sql = cascades.counting(target.table().name().quoted(), among(target.table(), key));
      List<Long> counts =
          inquiry.askWithoutHurry(
              asked -> {
                BatchesCount.begin(asked);
                return Inquiry.rows(
                        asked,
                        sql,
                        row -> {
                          List<Long> numbers = new ArrayList<>();
                          for (int i = 0; i < cascades.counted().size(); i++) {
                            numbers.add(row.getLong(i + 2));
                          }
                          return numbers;
                        },
                        keys.toArray())
                    .get(0);
              });
      Map<String, Long> along = new LinkedHashMap<>();
      for (int i = 0; i < counts.size(); i++) {
        along.put(cascades.counted().get(i).toString(), counts.get(i));
      }
      return Optional.of(along);
    } catch (SQLException e) {
      throw new IllegalStateException(
          "cannot count what goes along with rows of "
              + target.table().name()
              + ": "
              + SqlFailure.message(e),
          e);
    }
  }

  private static String among(Table table, List<String> key) {
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
