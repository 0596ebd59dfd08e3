package backfill.postgres.preflight;

import backfill.plan.Amount;
import backfill.plan.Plan;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.ReplicaReplay;
import backfill.postgres.server.Server;
import backfill.postgres.server.ServerPair;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Preflight's two connections to one database, to where it is written and to where it is read: one
 * where both are the same.
 */
final class WriteAndRead implements AutoCloseable {
  private final Database database;
  private final String applicationName;
  private final Inquiry writing;
  private final Inquiry reading;
  private final ServerPair servers;

  private WriteAndRead(
      Database database,
      String applicationName,
      Inquiry writing,
      Inquiry reading,
      ServerPair servers) {
    this.database = database;
    this.applicationName = applicationName;
    this.writing = writing;
    this.reading = reading;
    this.servers = servers;
  }

  /**
   * Over connections that are open; it closes them.
   *
   * @param reading {@code writing} itself where both are the same
   * @param retryFor how long a question is asked again for want of a lock
   */
  static WriteAndRead over(
      Connection writing,
      Connection reading,
      Plan plan,
      Duration retryFor,
      Database database,
      String applicationName)
      throws SQLException {
    Duration lockTimeout = plan.settings().lockTimeout();
    Inquiry write = new Inquiry(writing, lockTimeout, retryFor);
    Inquiry read = reading == writing ? write : new Inquiry(reading, lockTimeout, retryFor);
    Server writes = Server.of(write, database.address());
    Server reads = read == write ? writes : Server.of(read, database.readAddress());
    // Not before: they are told from a server that begins each transaction as READ ONLY.
    write.settle();
    if (read != write) {
      read.settle();
    }
    return new WriteAndRead(database, applicationName, write, read, new ServerPair(writes, reads));
  }

  Inquiry writing() {
    return writing;
  }

  Inquiry reading() {
    return reading;
  }

  ServerPair servers() {
    return servers;
  }

  /** An old server is not asked any further. */
  void checkAge(Findings findings) {
    refuseOld(servers.named(), findings);
    refuseOld(servers.read(), findings);
  }

  private static void refuseOld(Server server, Findings findings) {
    Server.tooOld(server.versionNumber(), server.version())
        .ifPresent(reason -> findings.refuse(server.address(), reason));
  }

  /** Whether the server lets in what it should. */
  void checkSettingsForWriting(Findings findings) throws SQLException {
    ForeignSettings.checkWritten(writing, servers.named().address(), findings);
  }

  /** Whether what is read there is what is there. */
  void checkSettingsForReading(Findings findings) throws SQLException {
    ForeignSettings.checkRead(reading, servers.read().address(), findings);
  }

  /** Whether rows can be written there. */
  void checkWritable(Findings findings) {
    servers
        .named()
        .unwritable(database.prefix() + "_URL")
        .ifPresent(reason -> findings.refuseWriting(servers.named().address(), reason));
    if (servers.named().standby() && findings.isReadOnly()) {
      findings.warn(
          servers.named().address(),
          "is a standby: what its primary has and it has not received yet is not seen");
    }
  }

  /** Whether both are one database. */
  void checkReplica(Findings findings) {
    servers
        .named()
        .notTheSameAs(servers.read(), database.prefix() + "_READ_URL")
        .ifPresent(reason -> findings.refuse(servers.read().address(), reason));
  }

  /** Where rows are read, if that is a standby, and one of this database. */
  Optional<ReplicaReplay> replica() {
    return servers.read().standby()
            && servers.read().versionNumber() >= Server.OLDEST
            && servers.named().notTheSameAs(servers.read(), "").isEmpty()
        ? Optional.of(ReplicaReplay.of(writing, reading, database))
        : Optional.empty();
  }

  /**
   * Whether each server has room for what will be opened there, and is one server. Verify reads the
   * target where it is written.
   */
  void needConnections(int readers, int writers, int beside, Purpose purpose, Findings findings)
      throws SQLException {
    boolean apart = database.readsElsewhere();
    int here = Math.max(readers, purpose == Purpose.RUN ? writers : 0);
    String why =
        purpose == Purpose.RUN
            ? "the larger of %s and %s, and %d more"
                .formatted(Amount.of(readers, "reader"), Amount.of(writers, "writer"), beside)
            : readersAnd(readers, beside);
    boolean nothingHere = apart && purpose == Purpose.PLAN;
    if (!nothingHere && room(writing, servers.named(), here + beside, why, findings)) {
      ConnectionRoom.needOneServer(
          new ConnectionRoom.Way(
              writing, database.onlyAddress(), () -> database.connect(applicationName)),
          servers.named().address(),
          database.prefix() + "_URL",
          here,
          findings);
    }
    if (apart) {
      needReaders(readers, beside, "_READ_URL", findings);
    }
  }

  /** Whether the server has room for the readers of a database that is only read. */
  void needReaders(int readers, int beside, Findings findings) throws SQLException {
    needReaders(readers, beside, database.readsElsewhere() ? "_READ_URL" : "_URL", findings);
  }

  private static String readersAnd(int readers, int beside) {
    return "%s and %d more".formatted(Amount.of(readers, "reader"), beside);
  }

  private void needReaders(int readers, int beside, String variable, Findings findings)
      throws SQLException {
    if (room(reading, servers.read(), readers + beside, readersAnd(readers, beside), findings)) {
      ConnectionRoom.needOneServer(
          new ConnectionRoom.Way(
              reading,
              database.onlyReadAddress(),
              () -> database.connectForReading(applicationName)),
          servers.read().address(),
          database.prefix() + variable,
          readers,
          findings);
    }
  }

  private static boolean room(
      Inquiry inquiry, Server server, int needed, String why, Findings findings)
      throws SQLException {
    int before = findings.reasons().size();
    ConnectionRoom.needFree(inquiry, server.address(), needed, why, findings);
    return findings.reasons().size() == before;
  }

  @Override
  public void close() throws SQLException {
    try (writing) {
      reading.close();
    }
  }
}
