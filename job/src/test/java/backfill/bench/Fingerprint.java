package backfill.bench;

import backfill.bench.BenchCase.Outcome;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a database ended with, short enough to compare with another database's: for each outcome the
 * number of its rows and two sums over their hashes, in no order. Duplicates count.
 */
record Fingerprint(Map<String, Rows> outcomes) {

  /** The rows of one outcome. */
  record Rows(long count, String hash) {}

  static Fingerprint of(Connection connection, List<Outcome> outcomes) throws SQLException {
    Map<String, Rows> rows = new LinkedHashMap<>();
    for (Outcome outcome : outcomes) {
      rows.put(outcome.name(), rows(connection, outcome.query()));
    }
    return new Fingerprint(rows);
  }

  private static Rows rows(Connection connection, String query) throws SQLException {
    String sums =
        """
        SELECT count(*), coalesce(sum(hashtextextended(r::text, 1)), 0) || ' '
                         || coalesce(sum(hashtextextended(r::text, 2)), 0)
        FROM (%s) r
        """
            .formatted(query);
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sums)) {
      result.next();
      return new Rows(result.getLong(1), result.getString(2));
    }
  }

  /** A sentence for each outcome that is not the same; none where all are. */
  List<String> differences(Fingerprint other, String ourName, String otherName) {
    List<String> found = new ArrayList<>();
    outcomes.forEach(
        (name, ours) -> {
          Rows theirs = other.outcomes.get(name);
          if (!ours.equals(theirs)) {
            found.add(
                "%s: %s ends with other rows than %s (%,d and %,d)"
                    .formatted(name, ourName, otherName, ours.count(), theirs.count()));
          }
        });
    return found;
  }
}
