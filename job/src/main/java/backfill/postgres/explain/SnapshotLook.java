package backfill.postgres.explain;

import backfill.plan.Plan;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Server;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The connections that look at rows: to each database where its rows are read, and to main where it
 * is written. The catalog is asked first; from {@link #begin} on each connection sees one snapshot,
 * in a READ ONLY transaction. Used by one thread.
 */
final class SnapshotLook implements AutoCloseable {
  private static final Duration ANSWER_WITHIN = Duration.ofMinutes(1);

  private final Duration lockTimeout;
  private final Map<String, Side> reading = new LinkedHashMap<>();
  private final List<ListedStatement> sent = new ArrayList<>();
  private final Map<String, String> readingUsers = new LinkedHashMap<>();
  private Side writing;
  private String writingUser;

  /**
   * One connection.
   *
   * @param place what a listed statement says of where it is sent
   */
  private record Side(Connection connection, Inquiry inquiry, String address, String place) {}

  private SnapshotLook(Duration lockTimeout) {
    this.lockTimeout = lockTimeout;
  }

  /** Explains something by what it looks at. */
  @FunctionalInterface
  interface Explainer {
    Explanation by(SnapshotLook look) throws SQLException;
  }

  /**
   * An answer from connections that are let go with it.
   *
   * @throws NotReadyException naming each server that cannot be reached, or why it broke off
   */
  static Explanation with(Plan plan, NamedDatabases databases, Explainer explainer) {
    try (SnapshotLook look = open(plan, databases)) {
      return explainer.by(look);
    } catch (SQLException e) {
      throw new NotReadyException(
          List.of("explain broke off: " + ConnectionFailure.oneLine(e)),
          ConnectionFailure.passing(e.getSQLState()),
          e);
    }
  }

  private static SnapshotLook open(Plan plan, NamedDatabases databases) {
    SnapshotLook look = new SnapshotLook(plan.settings().lockTimeout());
    List<ConnectionFailure> failures = new ArrayList<>();
    databases.named().forEach((name, database) -> look.open(name, database, failures));
    if (!failures.isEmpty()) {
      look.close();
      throw new NotReadyException(
          failures.stream().map(ConnectionFailure::reason).toList(),
          failures.stream().allMatch(ConnectionFailure::retryable),
          null);
    }
    return look;
  }

  private void open(String name, Database database, List<ConnectionFailure> failures) {
    boolean main = name.equals(Plan.MAIN);
    if (main) {
      writing = open(name, database, false, failures);
    }
    reading.put(
        name, main && !database.readsElsewhere() ? writing : open(name, database, true, failures));
  }

  private Side open(
      String name, Database database, boolean toRead, List<ConnectionFailure> failures) {
    boolean elsewhere = toRead && database.readsElsewhere();
    String address = elsewhere ? database.readAddress() : database.address();
    try {
      String session = "backfill explain";
      Connection connection =
          toRead ? database.connectForReading(session) : database.connect(session);
      return new Side(
          connection,
          new Inquiry(connection, lockTimeout, Duration.ZERO),
          address,
          name + " at " + address);
    } catch (SQLException e) {
      String variable = database.prefix() + (elsewhere ? "_READ_URL" : "_URL");
      failures.add(ConnectionFailure.of(address, variable, database.prefix(), e));
      return null;
    }
  }

  /** Asks the catalog of a database where its rows are read. */
  Inquiry reading(String database) {
    return reading.get(database).inquiry();
  }

  /** Asks the catalog of main where it is written. */
  Inquiry writing() {
    return writing.inquiry();
  }

  /** As whom a database is read, once its server was checked. */
  String readingUser(String database) {
    return readingUsers.get(database);
  }

  /** As whom main is asked where it is written, once its server was checked. */
  String writingUser() {
    return writingUser;
  }

  /** Whether each server is new enough, and whether main is read and written in one database. */
  void checkServers(NamedDatabases databases, Findings findings) throws SQLException {
    Server main = Server.of(writing(), writing.address());
    writingUser = main.user();
    refuseOld(main, findings);
    for (Map.Entry<String, Database> each : databases.named().entrySet()) {
      Side side = reading.get(each.getKey());
      Server server = Server.of(side.inquiry(), side.address());
      readingUsers.put(each.getKey(), server.user());
      refuseOld(server, findings);
      if (each.getKey().equals(Plan.MAIN)) {
        main.notTheSameAs(server, each.getValue().prefix() + "_READ_URL")
            .ifPresent(reason -> findings.refuse(server.address(), reason));
      }
    }
    findings.throwIfRefused();
  }

  private static void refuseOld(Server server, Findings findings) {
    Server.tooOld(server.versionNumber(), server.version())
        .ifPresent(reason -> findings.refuse(server.address(), reason));
  }

  /** Takes a snapshot on each connection: what is asked from here on is of one moment. */
  void begin() throws SQLException {
    begin(writing);
    for (Side side : reading.values()) {
      if (side != writing) {
        begin(side);
      }
    }
  }

  /** In one message: a limit of the role or the database is lifted before it is over. */
  private void begin(Side side) throws SQLException {
    List<String> beginning = new ArrayList<>();
    beginning.add("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    SessionSettings.local(side.connection()).ifPresent(beginning::add);
    beginning.add("SET LOCAL row_security = off");
    beginning.add("SET LOCAL statement_timeout = " + ANSWER_WITHIN.toMillis());
    beginning.add("SET LOCAL lock_timeout = " + lockTimeout.toMillis());
    try (Statement statement = side.connection().createStatement()) {
      statement.execute(String.join("; ", beginning));
    }
  }

  /** The rows of a statement on a database, where it is read. */
  <T> List<T> read(String database, Sql sql, Inquiry.RowMapper<T> row) throws SQLException {
    return rows(reading.get(database), sql, row);
  }

  /** The rows of a statement on main, where it is written. */
  <T> List<T> write(Sql sql, Inquiry.RowMapper<T> row) throws SQLException {
    return rows(writing, sql, row);
  }

  private <T> List<T> rows(Side side, Sql sql, Inquiry.RowMapper<T> row) throws SQLException {
    List<String> comments = new ArrayList<>(List.of(side.place()));
    comments.addAll(sql.shownValues());
    sent.add(new ListedStatement(comments, sql.toString()));
    List<T> answer = new ArrayList<>();
    try (PreparedStatement statement = sql.prepare(side.connection());
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        answer.add(row.of(rows));
      }
    } catch (SQLException e) {
      if (SqlState.QUERY_CANCELED.is(e)) {
        throw tooSlow(side, sql, e);
      }
      throw e;
    }
    return answer;
  }

  private static NotReadyException tooSlow(Side side, Sql sql, SQLException e) {
    return new NotReadyException(
        List.of(
            "%s: no answer within %d s to %s; make an index on the columns that it compares"
                .formatted(
                    side.address(),
                    ANSWER_WITHIN.toSeconds(),
                    sql.toString().replaceAll("\\s+", " "))),
        false,
        e);
  }

  /**
   * What the ledger is asked, in the snapshot of where main is written.
   *
   * @param values what stands for the question marks of the statement, for people
   */
  <T> T ledger(Inquiry.Question<T> question, String sql, Object... values) throws SQLException {
    List<String> comments = new ArrayList<>(List.of(writing.place()));
    for (Object value : values) {
      comments.add("? = " + value);
    }
    sent.add(new ListedStatement(comments, sql));
    return question.of(writing.connection());
  }

  /** The statements that read rows. */
  List<ListedStatement> sent() {
    return List.copyOf(sent);
  }

  /** Ends the snapshots, and lets the connections go. */
  @Override
  public void close() {
    List<Side> sides = new ArrayList<>(reading.values());
    sides.add(writing);
    for (Side side : sides) {
      if (side != null) {
        try {
          side.connection().close();
        } catch (SQLException e) {
          // The server sees the end of the connection either way.
        }
      }
    }
  }
}
