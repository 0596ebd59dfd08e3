package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.ReplicaReplay;
import backfill.postgres.server.ServerPair;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Preflight's connections to each database of a run. */
final class PreflightConnections implements AutoCloseable {
  private final Map<String, WriteAndRead> pairs;

  private PreflightConnections(Map<String, WriteAndRead> pairs) {
    this.pairs = pairs;
  }

  /**
   * @param retryFor how long a question is asked again for want of a lock
   * @throws NotReadyException naming each server that cannot be reached; retryable if waiting may
   *     help with all of them
   */
  static PreflightConnections open(
      Plan plan, Duration retryFor, NamedDatabases databases, String name) throws SQLException {
    OpenedConnections attempts = new OpenedConnections();
    Map<String, Connection> writing = new LinkedHashMap<>();
    Map<String, Connection> reading = new LinkedHashMap<>();
    databases.named().forEach((key, database) -> attempts.open(key, database, name, writing));
    databases
        .named()
        .forEach((key, database) -> attempts.openReading(key, database, name, reading));
    Map<String, WriteAndRead> pairs = new LinkedHashMap<>();
    try {
      attempts.throwIfFailed();
      for (String key : writing.keySet()) {
        Connection write = writing.get(key);
        pairs.put(
            key,
            WriteAndRead.over(
                write,
                reading.getOrDefault(key, write),
                plan,
                retryFor,
                databases.named().get(key),
                name));
      }
      return new PreflightConnections(pairs);
    } catch (SQLException | NotReadyException e) {
      closeAll(writing.values());
      closeAll(reading.values());
      throw e;
    }
  }

  private static void closeAll(Iterable<Connection> connections) throws SQLException {
    for (Connection connection : connections) {
      connection.close();
    }
  }

  /** Tries each server, so that all that cannot be reached are named together. */
  private static final class OpenedConnections {
    private final List<ConnectionFailure> failures = new ArrayList<>();
    private SQLException first;

    void open(String key, Database database, String name, Map<String, Connection> opened) {
      attempt(database.address(), "_URL", database, () -> database.connect(name))
          .ifPresent(connection -> opened.put(key, connection));
    }

    void openReading(String key, Database database, String name, Map<String, Connection> opened) {
      if (database.readsElsewhere()) {
        attempt(
                database.readAddress(),
                "_READ_URL",
                database,
                () -> database.connectForReading(name))
            .ifPresent(connection -> opened.put(key, connection));
      }
    }

    private Optional<Connection> attempt(
        String address, String variable, Database database, ConnectionRoom.Opener opener) {
      try {
        return Optional.of(opener.open());
      } catch (SQLException e) {
        failures.add(
            ConnectionFailure.of(address, database.prefix() + variable, database.prefix(), e));
        first = first == null ? e : first;
        return Optional.empty();
      }
    }

    void throwIfFailed() {
      if (!failures.isEmpty()) {
        throw new NotReadyException(
            failures.stream().map(ConnectionFailure::reason).toList(),
            failures.stream().allMatch(ConnectionFailure::retryable),
            first);
      }
    }
  }

  /** Where every step writes. */
  Inquiry writing() {
    return pairs.get(Plan.MAIN).writing();
  }

  /** Where the rows of a database are read. */
  Inquiry reading(String database) {
    return pairs.get(database).reading();
  }

  /** Name to servers, main first. */
  Map<String, ServerPair> servers() {
    Map<String, ServerPair> servers = new LinkedHashMap<>();
    pairs.forEach((name, pair) -> servers.put(name, pair.servers()));
    return servers;
  }

  /** What is wrong with the servers themselves; an old one is not asked any further. */
  void check(Findings findings) throws SQLException {
    pairs.values().forEach(pair -> pair.checkAge(findings));
    findings.throwIfRefused();
    pairs.get(Plan.MAIN).checkWritable(findings);
    pairs.values().forEach(pair -> pair.checkReplica(findings));
    pairs.get(Plan.MAIN).checkSettingsForWriting(findings);
    for (WriteAndRead pair : pairs.values()) {
      pair.checkSettingsForReading(findings);
    }
  }

  /**
   * Waits until every replica that rows are read from shows what its primary has now.
   *
   * @param waiting is told, again and again, what is waited for
   */
  void awaitReplicas(Duration limit, Consumer<String> waiting) throws SQLException {
    for (WriteAndRead pair : pairs.values()) {
      Optional<ReplicaReplay> replica = pair.replica();
      if (replica.isPresent()) {
        replica.get().await(limit, waiting);
      }
    }
  }

  /** Warns of each replica that a run would have to wait for. */
  void warnOfReplicas(Duration limit, Findings findings) throws SQLException {
    for (WriteAndRead pair : pairs.values()) {
      Optional<ReplicaReplay> replica = pair.replica();
      if (replica.isPresent()) {
        replica
            .get()
            .behind()
            .ifPresent(
                lag ->
                    findings.warn(
                        pair.servers().read().address(),
                        "a run waits for %d s (read.wait-for) until it has replayed what %s has: %s"
                            .formatted(limit.toSeconds(), pair.servers().named().address(), lag)));
      }
    }
  }

  /** Whether the server of each of these databases has room for what will be opened there. */
  void needConnections(
      Map<String, Integer> besides, int readers, int writers, Purpose purpose, Findings findings)
      throws SQLException {
    for (Map.Entry<String, Integer> beside : besides.entrySet()) {
      WriteAndRead pair = pairs.get(beside.getKey());
      if (beside.getKey().equals(Plan.MAIN)) {
        pair.needConnections(readers, writers, beside.getValue(), purpose, findings);
      } else {
        pair.needReaders(readers, beside.getValue(), findings);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    for (WriteAndRead pair : pairs.values()) {
      pair.close();
    }
  }
}
