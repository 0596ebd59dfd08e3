package backfill.postgres.catalog;

import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The partial unique indexes on a key whose predicate holds for each row of a condition. The server
 * proves it: it takes such an index for an arbiter only where it can derive the predicate.
 *
 * @param indexes their names
 * @param condition what the rows hold, in SQL
 * @see <a href="https://www.postgresql.org/docs/current/sql-insert.html">INSERT,
 *     "index_predicate"</a>
 */
public record CoveringIndexes(Set<String> indexes, String condition) {
  /** Where nothing is known of the rows. */
  static final CoveringIndexes NONE = new CoveringIndexes(Set.of(), "");

  /** What the plan's text calls them. */
  private static final String ARBITERS = "Conflict Arbiter Indexes: ";

  private static CoveringIndexes none(Optional<String> condition) {
    return new CoveringIndexes(Set.of(), condition.orElse(""));
  }

  /**
   * Asks for those on exactly this key.
   *
   * @param owned the rows; empty for the whole table
   */
  public static CoveringIndexes of(
      Inquiry inquiry, Table table, List<String> key, Optional<String> owned) throws SQLException {
    Set<String> partial =
        table.uniqueIndexes().stream()
            .filter(index -> index.isOn(key) && index.predicate().isPresent())
            .filter(index -> index.namesMoreThan(key))
            .map(UniqueIndex::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    if (partial.isEmpty() || owned.isEmpty()) {
      return none(owned);
    }
    try {
      partial.retainAll(
          arbiters(inquiry, table, new Arbiter("", key, owned, Optional.empty(), false)));
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      // The server looks at rights after the proof: without them all that is known is that there is
      // one.
      if (!SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
        return none(owned);
      }
    }
    return new CoveringIndexes(partial, owned.get());
  }

  private static Set<String> arbiters(Inquiry inquiry, Table table, Arbiter arbiter)
      throws SQLException {
    return inquiry
        .rows(
            "EXPLAIN (COSTS OFF) INSERT INTO "
                + table.name().quoted()
                + " DEFAULT VALUES "
                + arbiter.onConflict()
                + " DO NOTHING",
            row -> row.getString(1).strip())
        .stream()
        .filter(line -> line.startsWith(ARBITERS))
        .flatMap(line -> List.of(line.substring(ARBITERS.length()).split(", ")).stream())
        .map(CoveringIndexes::unquoted)
        .collect(Collectors.toSet());
  }

  private static String unquoted(String name) {
    return name.startsWith("\"")
        ? name.substring(1, name.length() - 1).replace("\"\"", "\"")
        : name;
  }

  boolean has(UniqueIndex index) {
    return indexes.contains(index.name());
  }
}
