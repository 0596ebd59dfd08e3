package backfill.postgres.server;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The transactions that were open in the run's databases at one moment, so that one can wait for
 * their end: a grant revoked in one of them shows only after it has committed. Those of other
 * databases of the same server can touch none of our tables, and are passed over; one whose
 * database is not known counts.
 */
public final class OpenTransactions {
  private static final long POLL_MILLIS = 100;

  /** How many are named, at most. */
  private static final int NAMED = 3;

  /**
   * A snapshot names those that have begun before the last one that has ended; a session says of
   * itself. Who has no right to look at others' sessions is told their pid, name, database and
   * transaction all the same, but not since when.
   */
  private static final String OPEN =
      """
      WITH open AS (
        SELECT x.xid::pg_catalog.xid::pg_catalog.text AS xid
        FROM pg_catalog.pg_snapshot_xip(pg_catalog.pg_current_snapshot()) AS x(xid)
        UNION SELECT backend_xid::pg_catalog.text FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL
        UNION SELECT transaction::pg_catalog.text FROM pg_catalog.pg_prepared_xacts)
      SELECT o.xid, a.pid, a.application_name, p.gid,
             coalesce(a.usename, p.owner) AS role, coalesce(a.datname, p.database) AS database,
             extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, p.prepared))::pg_catalog.int8
               AS seconds
      FROM open o
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.backend_xid::pg_catalog.text = o.xid
      LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction::pg_catalog.text = o.xid
      WHERE coalesce(a.datname, p.database, pg_catalog.current_database()) = pg_catalog.current_database()""";

  private static final String STILL = OPEN + "\nAND o.xid = ANY (?)";

  private final List<OfOne> databases;
  private final long askedNanos = System.nanoTime();

  private OpenTransactions(List<OfOne> databases) {
    this.databases = databases;
  }

  /** Those of one database. */
  private record OfOne(Database database, String applicationName, List<Transaction> open) {}

  /**
   * One of them.
   *
   * @param session what is known of its session, in words
   * @param seconds how long it has been open; null where we may not know
   */
  private record Transaction(String xid, String session, Long seconds) {
    String words(long askedSeconds) {
      return session
          + (seconds == null
              ? ", open for at least %d s".formatted(askedSeconds)
              : ", open for %d s".formatted(seconds));
    }
  }

  /** Those that are open now, in each of these databases. */
  public static OpenTransactions now(NamedDatabases databases, String applicationName)
      throws SQLException {
    List<OfOne> all = new ArrayList<>();
    for (Database database : databases.named().values()) {
      try (Connection connection = database.connect(applicationName);
          PreparedStatement statement = connection.prepareStatement(OPEN)) {
        connection.setAutoCommit(false);
        SessionSettings.begin(connection);
        all.add(new OfOne(database, applicationName, transactions(statement)));
        connection.commit();
      }
    }
    return new OpenTransactions(all);
  }

  /**
   * Waits until all of them have ended.
   *
   * @param waiting is told, again and again, what is waited for
   * @return those that are still open after that time, in words; empty where none is
   */
  public Optional<String> endWithin(Duration limit, Consumer<String> waiting) throws SQLException {
    List<String> still = new ArrayList<>();
    for (OfOne one : databases) {
      still.addAll(endWithin(one, limit, waiting));
    }
    if (still.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "%s open at our last commit and %s still open after %s (verify.wait-for): %s"
            .formatted(
                still.size() == 1 ? "1 transaction was" : still.size() + " transactions were",
                still.size() == 1 ? "is" : "are",
                ReplicaReplay.inWords(limit),
                named(still)));
  }

  private List<String> endWithin(OfOne one, Duration limit, Consumer<String> waiting)
      throws SQLException {
    if (one.open().isEmpty()) {
      return List.of();
    }
    String[] xids = one.open().stream().map(Transaction::xid).toArray(String[]::new);
    try (Connection connection = one.database().connect(one.applicationName());
        PreparedStatement statement = connection.prepareStatement(STILL)) {
      statement.setArray(1, connection.createArrayOf("text", xids));
      connection.setAutoCommit(false);
      while (true) {
        SessionSettings.begin(connection);
        List<Transaction> open = transactions(statement);
        connection.rollback();
        long waited = System.nanoTime() - askedNanos;
        List<String> words =
            open.stream().map(each -> each.words(Duration.ofNanos(waited).toSeconds())).toList();
        if (open.isEmpty() || waited > limit.toNanos()) {
          return words;
        }
        waiting.accept("the end of " + named(words));
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private static String named(List<String> words) {
    return words.stream().limit(NAMED).collect(Collectors.joining("; "))
        + (words.size() > NAMED ? "; and %d more".formatted(words.size() - NAMED) : "");
  }

  private static List<Transaction> transactions(PreparedStatement statement) throws SQLException {
    List<Transaction> transactions = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        transactions.add(
            new Transaction(
                row.getString("xid"), session(row), row.getObject("seconds", Long.class)));
      }
    }
    return transactions;
  }

  private static String session(ResultSet row) throws SQLException {
    String of = "database %s, role %s".formatted(row.getString("database"), row.getString("role"));
    if (row.getString("gid") != null) {
      return "prepared transaction '%s' (%s)".formatted(row.getString("gid"), of);
    }
    if (row.getString("pid") == null) {
      return "transaction %s of a session that is not shown".formatted(row.getString("xid"));
    }
    String name = row.getString("application_name");
    return "pid %s (%s, %s)"
        .formatted(
            row.getString("pid"),
            name == null || name.isEmpty() ? "no application name" : name,
            of);
  }

  /** What asks for them and waits for their end, listed. */
  public static List<ListedStatement> listing(Duration limit) {
    return List.of(
        new ListedStatement(List.of("in each database"), OPEN),
        new ListedStatement(
            List.of(
                "only where one is open: whether they have ended, every %d ms, for %d s at most"
                    .formatted(POLL_MILLIS, limit.toSeconds())),
            STILL));
  }
}
