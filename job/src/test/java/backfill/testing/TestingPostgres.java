package backfill.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.postgresql.PGConnection;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A PostgreSQL server for tests: the one that {@code BACKFILL_TEST_URL} names (with {@code
 * BACKFILL_TEST_USER}, who may create databases, and {@code BACKFILL_TEST_PASSWORD}), else a
 * container where a Docker engine answers, else the embedded one. Container and embedded server are
 * of one major version, which Maven says: the newest, and for some tests once more the oldest.
 */
public final class TestingPostgres implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(TestingPostgres.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Pattern URL = Pattern.compile("(jdbc:postgresql://[^/?]+/)[^?]*(.*)");

  /**
   * An engine that is there says so at once. Testcontainers asks it without a limit, and one that
   * accepts a connection and never answers would hold up every test.
   */
  private static final Duration ENGINE_ANSWERS =
      Duration.ofSeconds(Integer.getInteger("backfill.docker.seconds", 20));

  /** With the image's download, which Testcontainers gives two minutes. */
  private static final Duration CONTAINER_STARTS = Duration.ofMinutes(5);

  /** The version of the embedded server on the class path. */
  private static final String VERSION = System.getProperty("backfill.postgres.version", "18");

  public static final String IMAGE = "postgres:" + majorOf(VERSION);

  private static TestingPostgres shared;

  private String url;
  private final String user;
  private final String password;
  private final Optional<Embedded> embedded;

  private TestingPostgres(String url, String user, String password, Optional<Embedded> embedded) {
    this.url = url;
    this.user = user;
    this.password = password;
    this.embedded = embedded;
  }

  /** The one server of this test JVM, started on first use and stopped with the JVM. */
  public static synchronized TestingPostgres shared() {
    if (shared == null) {
      shared = choose(System.getenv());
    }
    return shared;
  }

  /** An embedded server of the test's own, which may be stopped and restarted. */
  public static TestingPostgres start() {
    Embedded server = new Embedded();
    server.start();
    return new TestingPostgres(server.url(), "postgres", "trusted", Optional.of(server));
  }

  public static TestingPostgres choose(Map<String, String> environment) {
    String named = environment.get("BACKFILL_TEST_URL");
    if (named != null) {
      return new TestingPostgres(
              named,
              environment.getOrDefault("BACKFILL_TEST_USER", "postgres"),
              environment.getOrDefault("BACKFILL_TEST_PASSWORD", ""),
              Optional.empty())
          .introduced("the server of BACKFILL_TEST_URL");
    }
    return container().orElseGet(() -> start().introduced("an embedded server")).ofTheVersion();
  }

  /**
   * Nothing where no engine answers, and nothing where it cannot get the image: the embedded server
   * does as well.
   */
  private static Optional<TestingPostgres> container() {
    if (!engineAnswers()) {
      return Optional.empty();
    }
    try {
      return Optional.of(within(CONTAINER_STARTS, TestingPostgres::startContainer));
    } catch (TimeoutException | ExecutionException e) {
      LOG.info("a Docker engine answers, but {} does not start: {}", IMAGE, e.toString());
      return Optional.empty();
    }
  }

  /** Whether a Docker engine answers within moments. */
  public static boolean engineAnswers() {
    try {
      return within(ENGINE_ANSWERS, () -> DockerClientFactory.instance().isDockerAvailable());
    } catch (TimeoutException e) {
      LOG.info(
          "a Docker engine that says nothing for {} s is left alone", ENGINE_ANSWERS.toSeconds());
      return false;
    } catch (ExecutionException e) {
      LOG.info("no Docker engine can be asked: {}", e.getCause().toString());
      return false;
    }
  }

  /** As the embedded server is: its user, its database, its limits. */
  private static TestingPostgres startContainer() {
    PostgreSQLContainer container =
        new PostgreSQLContainer(IMAGE)
            .withDatabaseName("postgres")
            .withUsername("postgres")
            .withPassword("trusted");
    container.setCommand(
        "postgres -c fsync=off -c max_connections=50 -c shared_preload_libraries=pg_stat_statements");
    container.start();
    // Its own URL has parameters, to which tests could not add theirs.
    String url =
        "jdbc:postgresql://%s:%d/postgres"
            .formatted(
                container.getHost(), container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT));
    return new TestingPostgres(
            url, container.getUsername(), container.getPassword(), Optional.empty())
        .introduced("a container of " + IMAGE);
  }

  /** What comes of it in time; what takes longer goes on alone, and is not waited for. */
  private static <T> T within(Duration patience, Callable<T> asked)
      throws TimeoutException, ExecutionException {
    FutureTask<T> task = new FutureTask<>(asked);
    Thread thread = new Thread(task, "docker");
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while Docker was asked", e);
    }
  }

  private TestingPostgres introduced(String what) {
    try (Connection connection = connect(url)) {
      LOG.info("PostgreSQL {}: {}", connection.getMetaData().getDatabaseProductVersion(), what);
      return this;
    } catch (SQLException e) {
      throw new IllegalStateException("cannot connect as " + user + " to " + what + ", " + url, e);
    }
  }

  private TestingPostgres ofTheVersion() {
    try (Connection connection = connect(url)) {
      requireMajor(connection.getMetaData().getDatabaseMajorVersion(), VERSION);
      return this;
    } catch (SQLException e) {
      throw new IllegalStateException("cannot ask " + url + " for its version", e);
    }
  }

  /** Else the class path, and with it whatever was tested, is another than Maven says. */
  public static void requireMajor(int major, String version) {
    if (major != majorOf(version)) {
      throw new IllegalStateException(
          "the tests are about PostgreSQL " + version + ", and the server is a " + major);
    }
  }

  private static int majorOf(String version) {
    return Integer.parseInt(version.replaceFirst("[.].*", ""));
  }

  /** A fresh, empty database; closing it drops it, whoever is connected. */
  public TestingDatabase createDatabase() throws SQLException {
    String name = "backfill_test_" + UUID.randomUUID().toString().replace("-", "");
    administer("CREATE DATABASE " + name + copied());
    return new TestingDatabase(this, name, user, password);
  }

  /** A copy of a database to which no session is connected; closing it drops it. */
  public TestingDatabase copy(TestingDatabase of) throws SQLException {
    String name = "backfill_test_" + UUID.randomUUID().toString().replace("-", "");
    of.leave();
    administer("CREATE DATABASE " + name + " TEMPLATE " + of.name() + copied());
    return new TestingDatabase(this, name, user, password);
  }

  /** Of files in memory a copy costs less than the log of one does; before 15 there is no other. */
  private String copied() {
    return embedded.isPresent() && majorOf(VERSION) >= 15 ? " STRATEGY FILE_COPY" : "";
  }

  void drop(String database) throws SQLException {
    administer("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
  }

  private void administer(String statement) throws SQLException {
    try (Connection connection = connect(url)) {
      connection.createStatement().execute(statement);
    }
  }

  private Connection connect(String to) throws SQLException {
    return DriverManager.getConnection(to, user, password);
  }

  String urlOf(String database) {
    var matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "BACKFILL_TEST_URL is " + url + ", expected jdbc:postgresql://host:5432/database");
    }
    return matcher.group(1) + database + matcher.group(2);
  }

  /** Ends the server; {@link #restart} brings it back with its data, at the same address. */
  public void stop() {
    own().stop();
  }

  /**
   * Kills one of the server's processes: it ends all others at once, recovers from its log, and
   * answers again when this returns.
   */
  public void crash() throws Exception {
    own();
    try (Connection victim = connect(url);
        Connection witness = connect(url)) {
      int pid = victim.unwrap(PGConnection.class).getBackendPID();
      new ProcessBuilder("kill", "-KILL", Integer.toString(pid)).start().waitFor();
      while (witness.isValid(5)) {
        Thread.sleep(5);
      }
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        connect(url).close();
        return;
      } catch (SQLException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(20);
      }
    }
  }

  /** Kills all of the server's processes at once. */
  public void kill() throws Exception {
    own().kill();
  }

  /** Restarts the server on another port; {@link TestingDatabase#url} says the new one. */
  public void restartElsewhere() {
    own().stop();
    own().port = 0;
    own().start();
    url = own().url();
  }

  /** Stops the server if it runs, and starts it again. Every connection is lost. */
  public void restart() {
    own().stop();
    own().start();
  }

  /** Ends a server of the test's own, with its data; the shared one stays. */
  @Override
  public void close() {
    own().remove();
  }

  private Embedded own() {
    return embedded.orElseThrow(
        () ->
            new UnsupportedOperationException(
                "only a server of TestingPostgres.start() can be stopped"));
  }

  /** One embedded server: its directory and port outlive a stop. */
  private static final class Embedded {
    private final Path data;
    private int port;
    private EmbeddedPostgres server;

    Embedded() {
      try {
        data = TestingServerData.directory("backfill-postgres");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
    }

    String url() {
      return "jdbc:postgresql://localhost:" + port + "/postgres";
    }

    synchronized void start() {
      try {
        server =
            EmbeddedPostgres.builder()
                .setPGStartupWait(Duration.ofMinutes(2))
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPort(port)
                .setServerConfig("max_connections", "50")
                .setServerConfig("shared_preload_libraries", "pg_stat_statements")
                .setServerConfig("track_activities", "on")
                // Off by default here, and then a crash loses what it has answered with COMMIT.
                .setServerConfig("synchronous_commit", "on")
                .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      port = server.getPort();
    }

    synchronized void stop() {
      if (server != null) {
        try {
          server.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        server = null;
      }
    }

    /** Its first process last: it would start others in place of those that are gone. */
    synchronized void kill() throws Exception {
      long first = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0));
      ProcessHandle server = ProcessHandle.of(first).orElseThrow();
      new ProcessBuilder("kill", "-STOP", Long.toString(first)).start().waitFor();
      List<ProcessHandle> all = new ArrayList<>(server.descendants().toList());
      all.add(server);
      all.forEach(ProcessHandle::destroyForcibly);
      for (ProcessHandle each : all) {
        each.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }

    synchronized void remove() {
      stop();
      if (Files.exists(data)) {
        try (Stream<Path> files = Files.walk(data)) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }
}
