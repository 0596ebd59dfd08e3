package backfill.bench;

import backfill.Upstream;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;

/**
 * One way to do a plan's work by hand.
 *
 * @param largestScale up to which it is run without being asked for: some ways take hours at 1
 */
record Peer(String name, double largestScale, Work work) {

  /** What it does, over connections in autocommit under their databases' prefixes. */
  @FunctionalInterface
  interface Work {
    void run(Map<String, Connection> connections) throws Exception;
  }

  /** A text of SQL statements for the main database, as {@code psql -f} would run it. */
  static Peer sql(String name, double largestScale, String text) {
    return new Peer(
        name,
        largestScale,
        connections -> {
          try (Statement statement = connections.get(Cases.MAIN).createStatement()) {
            statement.execute(text);
          }
        });
  }

  /** As above, at any scale, from a resource. */
  static Peer sql(String name, String resource) {
    return sql(name, Double.MAX_VALUE, Upstream.sql(resource));
  }
}
