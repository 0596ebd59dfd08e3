package backfill.postgres.server;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** The replicas that the rows of a run are read from. */
public final class Replicas {
  private Replicas() {}

  /**
   * Waits until each of these databases shows, where its rows are read, what it has now where it is
   * written: its last commits are not missed by a snapshot that is taken from here on.
   *
   * @param names of databases; those that are read where they are written are passed over
   * @param waiting is told, again and again, what is waited for
   * @throws LaggingReplicaException if one does not after that time
   */
  public static void await(
      NamedDatabases databases,
      Collection<String> names,
      String applicationName,
      Duration lockTimeout,
      Duration limit,
      Consumer<String> waiting)
      throws SQLException {
    for (String name : names) {
      Database database = databases.named().get(name);
      if (database.readsElsewhere()) {
        try (Inquiry named =
                new Inquiry(database.connect(applicationName), lockTimeout, Duration.ZERO);
            Inquiry read =
                new Inquiry(
                    database.connectForReading(applicationName), lockTimeout, Duration.ZERO)) {
          ReplicaReplay.of(named, read, database).await(limit, waiting);
        }
      }
    }
  }

  /** What is asked for that, listed. */
  public static List<ListedStatement> listing(Duration limit) {
    return List.of(
        new ListedStatement(
            List.of("on the primary: what the replica must have"), ReplicaReplay.GOAL),
        new ListedStatement(
            List.of(
                "on the replica, every %d ms, for %d s at most: whether it has"
                    .formatted(ReplicaReplay.POLL_MILLIS, limit.toSeconds())),
            ReplicaReplay.POSITION));
  }
}
