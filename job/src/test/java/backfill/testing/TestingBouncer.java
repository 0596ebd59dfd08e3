package backfill.testing;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A real PgBouncer in its transaction mode before the server of a database: its sessions of the
 * server stay open, so that what one of its clients leaves in them is found by the next one. The
 * program is that of {@code BACKFILL_TEST_PGBOUNCER}, or the one that is installed.
 */
public final class TestingBouncer implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /**
   * All that a session of the server keeps from one transaction to the next. A library's settings
   * are there once a function has needed it.
   */
  private static final String KEPT =
      """
      SELECT name || ' = ' || setting FROM pg_settings WHERE name !~ '^transaction_(isolation|read_only|deferrable)$'
        AND name !~ '^plpgsql[.]'
      UNION ALL SELECT 'prepared: ' || statement FROM pg_prepared_statements
      UNION ALL SELECT 'cursor: ' || statement FROM pg_cursors WHERE is_holdable
      UNION ALL SELECT 'temporary: ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
      UNION ALL SELECT 'advisory lock: ' || l::text FROM pg_locks l
                WHERE locktype = 'advisory' AND pid = pg_backend_pid()
      UNION ALL SELECT 'listens: ' || channel FROM pg_listening_channels() AS channel
      ORDER BY 1""";

  private final Path directory;
  private final Process process;
  private final int port;
  private final int sessions;

  private TestingBouncer(Path directory, Process process, int port, int sessions) {
    this.directory = directory;
    this.process = process;
    this.port = port;
    this.sessions = sessions;
  }

  /** Where the program is; empty where there is none. */
  public static Optional<Path> program() {
    String named = System.getenv("BACKFILL_TEST_PGBOUNCER");
    return Stream.concat(
            Stream.ofNullable(named),
            Stream.of((System.getenv("PATH") + ":/usr/sbin").split(File.pathSeparator))
                .map(folder -> folder + "/pgbouncer"))
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Starts it before the server of these databases.
   *
   * @param sessions how many it has of the server, at most, for each role and database
   */
  public static TestingBouncer start(TestingDatabase server, int sessions, String... settings)
      throws Exception {
    Path directory = Files.createTempDirectory("backfill-bouncer");
    URI at = URI.create(server.url().substring("jdbc:".length()));
    int port = freePort();
    List<String> lines =
        new ArrayList<>(
            List.of(
                "[databases]",
                "* = host=%s port=%d".formatted(at.getHost(), at.getPort()),
                "[pgbouncer]",
                "listen_addr = " + HOST,
                "listen_port = " + port,
                "unix_socket_dir =",
                "auth_type = scram-sha-256",
                "auth_file = " + directory.resolve("users"),
                "pool_mode = transaction",
                "default_pool_size = " + sessions,
                // All of them are used in turn, and none is ended.
                "server_round_robin = 1",
                "server_idle_timeout = 0",
                "ignore_startup_parameters = extra_float_digits"));
    lines.addAll(List.of(settings));
    Files.write(directory.resolve("ini"), lines);
    Files.writeString(
        directory.resolve("users"), "\"%s\" \"%s\"%n".formatted(server.user(), server.password()));
    List<String> command = new ArrayList<>(List.of(program().orElseThrow().toString()));
    if (System.getProperty("user.name").equals("root")) {
      // It does not run as root.
      command.addAll(List.of("-u", "nobody"));
    }
    command.add(directory.resolve("ini").toString());
    for (Path each : List.of(directory, directory.resolve("ini"), directory.resolve("users"))) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    TestingBouncer bouncer = new TestingBouncer(directory, process, port, sessions);
    bouncer.awaitStart();
    return bouncer;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      return socket.getLocalPort();
    }
  }

  private void awaitStart() throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        new Socket(HOST, port).close();
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new AssertionError("PgBouncer does not start: " + log(), e);
        }
        Thread.sleep(10);
      }
    }
  }

  /** What it said so far. */
  public String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }

  /** The same environment by way of it. */
  public Map<String, String> environment(Map<String, String> direct, String parameters) {
    Map<String, String> environment = new HashMap<>(direct);
    environment.replaceAll(
        (name, value) -> name.endsWith("_URL") ? url(value) + parameters : value);
    return environment;
  }

  private String url(String direct) {
    return direct.replaceFirst("//[^/]+/", "//" + HOST + ":" + port + "/");
  }

  /**
   * What each of the server's sessions keeps, by its process; all of them are held at one time, or
   * one would be asked twice.
   *
   * @param first what another client does first in each of them
   */
  public Map<Integer, List<String>> kept(TestingDatabase database, String... first)
      throws SQLException {
    List<Connection> held = new ArrayList<>();
    Map<Integer, List<String>> kept = new TreeMap<>();
    try {
      for (int i = 0; i < sessions; i++) {
        Connection client =
            DriverManager.getConnection(
                url(database.url()) + "?prepareThreshold=0", database.user(), database.password());
        held.add(client);
        client.setAutoCommit(false);
        Statement statement = client.createStatement();
        for (String sql : first) {
          statement.execute(sql);
        }
        int pid = Integer.parseInt(column(statement, "SELECT pg_backend_pid()::text").get(0));
        kept.put(pid, column(statement, KEPT));
      }
      for (Connection client : held) {
        client.commit();
      }
    } finally {
      for (Connection client : held) {
        client.close();
      }
    }
    return kept;
  }

  private static List<String> column(Statement statement, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    process.onExit().join();
    for (String file : List.of("ini", "users", "log")) {
      Files.delete(directory.resolve(file));
    }
    Files.delete(directory);
  }
}
