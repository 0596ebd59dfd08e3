package backfill.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** A primary of the test's own, and a replica that streams from it. */
public final class TestingReplica implements AutoCloseable {
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final Path directory;
  private final EmbeddedPostgres primary;
  private final EmbeddedPostgres replica;

  private TestingReplica(Path directory, EmbeddedPostgres primary, EmbeddedPostgres replica) {
    this.directory = directory;
    this.primary = primary;
    this.replica = replica;
  }

  /** The replica is a copy of the primary's directory, taken while that was stopped. */
  public static TestingReplica start() throws IOException {
    Path directory = TestingServerData.directory("backfill-replica");
    Path first = directory.resolve("primary");
    Path second = directory.resolve("replica");
    server(first, 0).close();
    copy(first, second);
    EmbeddedPostgres primary = server(first, 0);
    Files.createFile(second.resolve("standby.signal"));
    Files.writeString(
        second.resolve("postgresql.auto.conf"),
        "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres'%n".formatted(primary.getPort()),
        StandardOpenOption.APPEND);
    return new TestingReplica(directory, primary, server(second, 0));
  }

  private static EmbeddedPostgres server(Path data, int port) throws IOException {
    return EmbeddedPostgres.builder()
        .setPGStartupWait(Duration.ofMinutes(2))
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .setPort(port)
        .setServerConfig("max_connections", "40")
        .start();
  }

  /** Copies the data of a server that was stopped; the copy has no sign of its process. */
  public static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(each, to.resolve(from.relativize(each)), StandardCopyOption.COPY_ATTRIBUTES);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path each, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile() && !each.endsWith("postmaster.pid")) {
              Files.copy(
                  each, to.resolve(from.relativize(each)), StandardCopyOption.COPY_ATTRIBUTES);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static String url(EmbeddedPostgres server) {
    return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres";
  }

  /** What the job is given to write to the primary and read from the replica. */
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(onlyPrimary());
    environment.put("BACKFILL_READ_URL", url(replica));
    return environment;
  }

  /** What the job is given to read where it writes. */
  Map<String, String> onlyPrimary() {
    return Map.of("BACKFILL_URL", url(primary), "BACKFILL_USER", "postgres");
  }

  /** What the job is given to know nothing but the replica. */
  public Map<String, String> onlyReplica() {
    return Map.of("BACKFILL_URL", url(replica), "BACKFILL_USER", "postgres");
  }

  /** Without its scheme. */
  public String replicaAddress() {
    return "127.0.0.1:" + replica.getPort() + "/postgres";
  }

  /** Likewise. */
  public String primaryAddress() {
    return "127.0.0.1:" + primary.getPort() + "/postgres";
  }

  public Connection primary() throws SQLException {
    return DriverManager.getConnection(url(primary), "postgres", "");
  }

  public Connection replica() throws SQLException {
    return DriverManager.getConnection(url(replica), "postgres", "");
  }

  public void execute(String... statements) throws SQLException {
    on(primary, statements);
  }

  public void onReplica(String... statements) throws SQLException {
    on(replica, statements);
  }

  private static void on(EmbeddedPostgres server, String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(server), "postgres", "");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  public long count(String sql) throws SQLException {
    return number(primary, sql);
  }

  private static long number(EmbeddedPostgres server, String sql) throws SQLException {
    return Long.parseLong(text(server, sql));
  }

  private static String text(EmbeddedPostgres server, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(server), "postgres", "");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  /** Waits until a query of one number answers with more than 0 on the primary. */
  public void await(String what, String sql) throws Exception {
    await(primary, what, sql);
  }

  /** Waits for the same on the replica. */
  public void awaitOnReplica(String what, String sql) throws Exception {
    await(replica, what, sql);
  }

  /** Waits until the replica's replay is paused, or until it goes on. */
  public void pause(boolean paused) throws Exception {
    onReplica("SELECT pg_wal_replay_" + (paused ? "pause" : "resume") + "()");
    await(
        replica,
        paused ? "replay is paused" : "replay goes on",
        "SELECT (pg_get_wal_replay_pause_state() = '%s')::int"
            .formatted(paused ? "paused" : "not paused"));
  }

  /** Waits until the replica has what it may not replay yet. */
  public void awaitReceived() throws Exception {
    await(
        replica,
        "the replica has received more than it replayed",
        "SELECT (pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn())::int");
  }

  /** Waits until the replica shows what the primary has now. */
  public void awaitReplayed() throws Exception {
    String position = text(primary, "SELECT pg_current_wal_insert_lsn()");
    await(
        replica,
        "the replica has replayed " + position,
        "SELECT (pg_last_wal_replay_lsn() >= '%s'::pg_lsn)::int".formatted(position));
  }

  private static void await(EmbeddedPostgres server, String what, String sql) throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (number(server, sql) == 0) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain until " + what);
      }
      Thread.sleep(20);
    }
  }

  @Override
  public void close() throws IOException {
    replica.close();
    primary.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
