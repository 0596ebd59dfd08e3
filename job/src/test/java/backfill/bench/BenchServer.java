package backfill.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The server that plans are timed on: the one of {@code BACKFILL_URL}, whose user must be a
 * superuser there, or one of our own that ends with this JVM. Databases are made in it and dropped
 * under names that begin with {@code backfill_bench_}.
 */
public final class BenchServer implements AutoCloseable {
  private static final Pattern URL =
      Pattern.compile("jdbc:postgresql://(?<host>[^/?:,]+)(:(?<port>[0-9]+))?/[^?]*(?<rest>.*)");
  private static final List<String> SETTINGS =
      List.of(
          "server_version",
          "shared_buffers",
          "max_wal_size",
          "fsync",
          "synchronous_commit",
          "work_mem",
          "max_parallel_workers_per_gather");

  private final String url;
  private final String user;
  private final String password;
  private final Optional<EmbeddedPostgres> own;
  private final Optional<Path> data;

  private BenchServer(
      String url,
      String user,
      String password,
      Optional<EmbeddedPostgres> own,
      Optional<Path> data) {
    this.url = url;
    this.user = user;
    this.password = password;
    this.own = own;
    this.data = data;
  }

  public static BenchServer choose(Map<String, String> environment)
      throws IOException, SQLException {
    String named = environment.get("BACKFILL_URL");
    return named == null
        ? start()
        : at(
            named,
            environment.getOrDefault("BACKFILL_USER", "postgres"),
            environment.getOrDefault("BACKFILL_PASSWORD", ""));
  }

  /** A server that runs already, and goes on running. */
  public static BenchServer at(String url, String user, String password) {
    return new BenchServer(url, user, password, Optional.empty(), Optional.empty());
  }

  /** A commit waits for the disk, as it does in production: the library would have it otherwise. */
  private static BenchServer start() throws IOException, SQLException {
    Path data = Files.createTempDirectory("backfill-bench");
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setPGStartupWait(Duration.ofMinutes(2))
            .setDataDirectory(data)
            .setCleanDataDirectory(false)
            .setRegisterShutdownHook(false)
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("max_connections", "50")
            .setServerConfig("shared_buffers", "1GB")
            .setServerConfig("max_wal_size", "8GB")
            .setServerConfig("jit", "off")
            .setServerConfig("shared_preload_libraries", "pg_stat_statements")
            .setServerConfig("pg_stat_statements.max", "50000")
            .start();
    BenchServer server =
        new BenchServer(
            "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
            "postgres",
            "",
            Optional.of(postgres),
            Optional.of(data));
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "bench-server-stop"));
    server.administer("CREATE EXTENSION pg_stat_statements");
    return server;
  }

  /** A connection to a database of this server; the caller closes it. */
  public Connection connect(String database) throws SQLException {
    return connect(database, Map.of());
  }

  /** The same with properties of the driver beside. */
  public Connection connect(String database, Map<String, String> properties) throws SQLException {
    Properties all = new Properties();
    all.putAll(properties);
    all.put("user", user);
    all.put("password", password);
    return DriverManager.getConnection(urlOf(database), all);
  }

  /** Whether it is one of our own, which has started and will end with us. */
  public boolean isOwn() {
    return own.isPresent();
  }

  /** What names a database to the job, and to a peer. */
  public Map<String, String> environment(String prefix, String database) {
    return environment(prefix, database, host(), port());
  }

  /** Likewise, reached through another port of this machine. */
  Map<String, String> environment(String prefix, String database, int port) {
    return environment(prefix, database, "127.0.0.1", port);
  }

  private Map<String, String> environment(String prefix, String database, String host, int port) {
    return Map.of(
        prefix + "_URL",
        "jdbc:postgresql://" + host + ":" + port + "/" + database + matched().group("rest"),
        prefix + "_USER",
        user,
        prefix + "_PASSWORD",
        password);
  }

  String host() {
    return matched().group("host");
  }

  int port() {
    String port = matched().group("port");
    return port == null ? 5432 : Integer.parseInt(port);
  }

  public void create(String database) throws SQLException {
    drop(database);
    administer("CREATE DATABASE " + database);
  }

  /** Nobody may be connected to the database that is copied. What is dirty is written before. */
  public void copy(String from, String to) throws SQLException {
    drop(to);
    int version = Integer.parseInt(setting("server_version_num"));
    administer(
        "CREATE DATABASE %s TEMPLATE %s%s"
            .formatted(to, from, version >= 150000 ? " STRATEGY FILE_COPY" : ""));
    administer("CHECKPOINT");
  }

  /**
   * So that reading what was just written writes nothing: each page has been written whole since
   * the last checkpoint, and says itself which of its rows are committed.
   */
  public void settle(String database) throws SQLException {
    administer("CHECKPOINT");
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("VACUUM (ANALYZE)");
    }
  }

  public void drop(String database) throws SQLException {
    administer("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
  }

  /** What a figure depends on beside the machine. */
  public Map<String, String> settings() throws SQLException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String name : SETTINGS) {
      settings.put(name, setting(name));
    }
    return settings;
  }

  private String setting(String name) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url, user, password);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SHOW " + name)) {
      result.next();
      return result.getString(1);
    }
  }

  /** A connection to the database that the server was named with. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(url, user, password);
  }

  private void administer(String statement) throws SQLException {
    try (Connection connection = connect();
        Statement each = connection.createStatement()) {
      each.execute(statement);
    }
  }

  private String urlOf(String database) {
    return environment("", database).get("_URL");
  }

  private Matcher matched() {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "BACKFILL_URL is " + url + ", expected jdbc:postgresql://host:5432/database");
    }
    return matcher;
  }

  /** Ends a server of our own with its data. */
  @Override
  public synchronized void close() {
    try {
      if (own.isPresent() && Files.exists(data.orElseThrow())) {
        own.get().close();
        try (Stream<Path> files = Files.walk(data.get())) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop the server in " + data.get(), e);
    }
  }
}
