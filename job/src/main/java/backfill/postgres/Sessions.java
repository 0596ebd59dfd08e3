package backfill.postgres;

import backfill.plan.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Preflight's two connections, to where rows are written and to where they are read: one where both
 * are the same.
 */
final class Sessions implements AutoCloseable {
  private final Database database;
  private final String applicationName;
  private final Inquiry writing;
  private final Inquiry reading;
  private final Server writingServer;
  private final Server readingServer;

  private Sessions(
      Database database,
      String applicationName,
      Inquiry writing,
      Inquiry reading,
      Server writingServer,
      Server readingServer) {
    this.database = database;
    this.applicationName = applicationName;
    this.writing = writing;
    this.reading = reading;
    this.writingServer = writingServer;
    this.readingServer = readingServer;
  }

  /**
   * @throws NotReady naming each server that cannot be reached; retryable if waiting may help with
   *     all of them
   */
  static Sessions open(Plan plan, Database database, String name) throws SQLException {
    Attempts attempts = new Attempts(database.prefix());
    Connection writing =
        attempts.open(database.address(), "_URL", () -> database.connect(name)).orElse(null);
    Connection reading = writing;
    if (database.readsElsewhere()) {
      reading =
          attempts
              .open(database.readUrl(), "_READ_URL", () -> database.connectForReading(name))
              .orElse(null);
    }
    try {
      attempts.throwIfFailed();
      Duration lockTimeout = plan.settings().lockTimeout();
      Duration retryFor = plan.settings().write().retryFor();
      Inquiry write = new Inquiry(writing, lockTimeout, retryFor);
      Inquiry read = reading == writing ? write : new Inquiry(reading, lockTimeout, retryFor);
      Server writes = Server.of(write, database.address());
      Server reads = read == write ? writes : Server.of(read, database.readUrl());
      return new Sessions(database, name, write, read, writes, reads);
    } catch (SQLException | NotReady e) {
      close(writing, reading);
      throw e;
    }
  }

  /** Tries each server, so that all that cannot be reached are named together. */
  private static final class Attempts {
    private final String prefix;
    private final List<ConnectionFailure> failures = new ArrayList<>();
    private SQLException first;

    Attempts(String prefix) {
      this.prefix = prefix;
    }

    Optional<Connection> open(String url, String variable, Connections.Opener opener) {
      try {
        return Optional.of(opener.open());
      } catch (SQLException e) {
        failures.add(ConnectionFailure.of(url, prefix + variable, prefix, e));
        first = first == null ? e : first;
        return Optional.empty();
      }
    }

    void throwIfFailed() {
      if (!failures.isEmpty()) {
        throw new NotReady(
            failures.stream().map(ConnectionFailure::reason).toList(),
            failures.stream().allMatch(ConnectionFailure::retryable),
            first);
      }
    }
  }

  Inquiry writing() {
    return writing;
  }

  Inquiry reading() {
    return reading;
  }

  Server writingServer() {
    return writingServer;
  }

  Server readingServer() {
    return readingServer;
  }

  /** What is wrong with the servers themselves; an old one is not asked any further. */
  void check(Findings findings) {
    for (Server server : List.of(writingServer, readingServer)) {
      Server.tooOld(server.versionNumber(), server.version())
          .ifPresent(reason -> findings.refuse(server.address(), reason));
    }
    findings.throwIfRefused();
    writingServer
        .unwritable(database.prefix() + "_URL")
        .ifPresent(reason -> findings.refuse(writingServer.address(), reason));
    writingServer
        .notTheSameAs(readingServer, database.prefix() + "_READ_URL")
        .ifPresent(reason -> findings.refuse(readingServer.address(), reason));
  }

  /** Whether each server has room for what will be opened there, and is one server. */
  void needConnections(int readers, int writers, int beside, Findings findings)
      throws SQLException {
    boolean apart = database.readsElsewhere();
    int here = apart ? writers : Math.max(readers, writers);
    String why =
        apart
            ? "%d writers and %d more".formatted(writers, beside)
            : "the larger of %d readers and %d writers, and %d more"
                .formatted(readers, writers, beside);
    if (room(writing, writingServer, here + beside, why, findings)) {
      Connections.needOneServer(
          writingServer.address(),
          database.prefix() + "_URL",
          here,
          () -> database.connect(applicationName),
          findings);
    }
    if (apart
        && room(
            reading,
            readingServer,
            readers + beside,
            "%d readers and %d more".formatted(readers, beside),
            findings)) {
      Connections.needOneServer(
          readingServer.address(),
          database.prefix() + "_READ_URL",
          readers,
          () -> database.connectForReading(applicationName),
          findings);
    }
  }

  private static boolean room(
      Inquiry inquiry, Server server, int needed, String why, Findings findings)
      throws SQLException {
    int before = findings.reasons().size();
    Connections.needFree(inquiry, server.address(), needed, why, findings);
    return findings.reasons().size() == before;
  }

  private static void close(Connection... connections) throws SQLException {
    for (Connection connection : connections) {
      if (connection != null) {
        connection.close();
      }
    }
  }

  @Override
  public void close() throws SQLException {
    writing.close();
    reading.close();
  }
}
