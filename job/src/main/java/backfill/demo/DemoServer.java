package backfill.demo;

import backfill.postgres.server.NotReadyException;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A PostgreSQL of our own on the loopback interface, with an empty database, in a temporary
 * directory. It ends with this JVM and takes the directory along, unless {@link #keep} was called.
 * Each account of this machine can be its superuser, without a password, and a crash of the machine
 * loses its data: good for made-up data only.
 */
public final class DemoServer implements AutoCloseable {
  private static final String DATABASE = "defectdojo";
  private static final String USER = "postgres";

  private final EmbeddedPostgres postgres;
  private final ServerDirectory directory;
  private boolean endsWithUs = true;

  private DemoServer(EmbeddedPostgres postgres, ServerDirectory directory) {
    this.postgres = postgres;
    this.directory = directory;
  }

  /**
   * Takes one to three seconds, and a few more the first time on a machine, when the binaries are
   * unpacked.
   *
   * @throws NotReadyException where the library or its binaries are missing, or the server does not
   *     start
   */
  public static DemoServer start() {
    ServerDirectory directory = ServerDirectory.create();
    try {
      DemoServer server = new DemoServer(startIn(directory), directory);
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "demo-server-stop"));
      server.createDatabase();
      return server;
    } catch (NoClassDefFoundError e) {
      directory.delete();
      throw new NotReadyException(
          List.of(
              "the demo needs the embedded PostgreSQL, which is not in the jar ("
                  + e.getMessage()
                  + " was not found); start it with job/bin/backfill demo, which adds it"),
          false,
          e);
    } catch (IOException | IllegalStateException e) {
      String log = directory.log();
      directory.delete();
      throw new NotReadyException(
          List.of(
              "cannot start the demo's PostgreSQL: "
                  + e.getMessage()
                  + (log.isEmpty() ? "" : "\n" + log)),
          false,
          e);
    }
  }

  /**
   * The library's own shutdown hook can't be taken back once the server runs, and its clean-up
   * looks through its own directory for servers that have lost their JVM: a server that may stay
   * has neither.
   */
  private static EmbeddedPostgres startIn(ServerDirectory directory) throws IOException {
    // A pipe would end with this JVM, and a server that stays would have nowhere to write.
    ProcessBuilder.Redirect log = ProcessBuilder.Redirect.appendTo(directory.logFile().toFile());
    return EmbeddedPostgres.builder()
        .setRegisterShutdownHook(false)
        .setCleanDataDirectory(false)
        .setDataDirectory(directory.data())
        .setOutputRedirector(log)
        .setErrorRedirector(log)
        .setPGStartupWait(Duration.ofSeconds(60))
        .setServerConfig("max_connections", "50")
        .setServerConfig("shared_buffers", "256MB")
        .setServerConfig("max_wal_size", "2GB")
        .setServerConfig("jit", "off")
        .start();
  }

  private void createDatabase() {
    try (Connection connection = DriverManager.getConnection(url(USER), USER, password());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + DATABASE);
    } catch (SQLException e) {
      close();
      throw new NotReadyException(
          List.of("cannot make the demo's database " + DATABASE + ": " + e.getMessage()), false, e);
    }
  }

  /** Makes DefectDojo's tables in the database and fills them. */
  public Counts fill(Scale scale) {
    try (Connection connection = DriverManager.getConnection(url(), USER, password())) {
      return DemoData.fill(connection, scale);
    } catch (SQLException e) {
      throw new NotReadyException(
          List.of("cannot fill the demo's database: " + e.getMessage()), false, e);
    }
  }

  /** The JDBC URL of the demo's database. */
  String url() {
    return url(DATABASE);
  }

  private String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/" + database;
  }

  String user() {
    return USER;
  }

  /** Empty: the server trusts every connection of this machine. */
  String password() {
    return "";
  }

  /** What the environment says of a database, for this one. */
  public Map<String, String> environment() {
    return Map.of("BACKFILL_URL", url(), "BACKFILL_USER", user(), "BACKFILL_PASSWORD", password());
  }

  /** From here on neither {@link #close} nor the end of this JVM stops the server. */
  public synchronized void keep() {
    endsWithUs = false;
  }

  /**
   * For people: what leads to a server that was kept, and how to be rid of it. Each line that is
   * indented works when it is pasted into a shell, all of them in this order.
   *
   * @param job how the job is started there
   */
  public String whatNext(String job, String plan) {
    return String.join(
        "\n",
        "PostgreSQL goes on running at %s. What next:"
            .formatted(url().substring("jdbc:".length()).replace("//", "//" + USER + "@")),
        "  export BACKFILL_URL=" + url() + " BACKFILL_USER=" + USER,
        "  " + job + " status",
        "  " + job + " plan " + plan,
        "To stop it and delete its data:",
        "  kill -INT %d; while [ -e '%s' ]; do sleep 1; done; rm -r '%s'"
            .formatted(directory.processId(), directory.processFile(), directory.path()));
  }

  /** Safe to call twice, and while the JVM ends: the shutdown hook does nothing else. */
  @Override
  public synchronized void close() {
    if (!endsWithUs) {
      return;
    }
    endsWithUs = false;
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop the demo's PostgreSQL in " + directory.path(), e);
    }
    directory.delete();
  }
}
