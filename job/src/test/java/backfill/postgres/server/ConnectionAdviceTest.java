package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that cannot be had, each for a reason of its own, on a server that encrypts. */
class ConnectionAdviceTest {
  private static final String STORE_PASSWORD = "secret";

  @TempDir static Path directory;
  private static EmbeddedPostgres server;

  @BeforeAll
  static void start() throws Exception {
    certificate("server", "CN=db.example.org");
    certificate("other", "CN=other.example.org");
    server =
        EmbeddedPostgres.builder()
            .setPGStartupWait(Duration.ofMinutes(2))
            .setServerConfig("ssl", "on")
            .setServerConfig("ssl_cert_file", directory.resolve("server.crt").toString())
            .setServerConfig("ssl_key_file", directory.resolve("server.key").toString())
            .setServerConfig("ssl_ca_file", directory.resolve("other.crt").toString())
            .start();
    execute(
        "CREATE ROLE plain LOGIN",
        "CREATE ROLE barred LOGIN",
        "CREATE ROLE owner NOLOGIN",
        "CREATE ROLE shown LOGIN");
    Path rules = Path.of(asked("SHOW hba_file"));
    Files.write(
        rules,
        List.of(
            "hostssl all plain all trust",
            "hostssl all shown all cert",
            "host all barred all reject",
            "host all postgres,owner all trust"));
    execute("SELECT pg_reload_conf()");
    while (!asked("SELECT count(*) FROM pg_hba_file_rules").equals("4")) {
      Thread.onSpinWait();
    }
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  /** A key and its certificate, as the server reads them. */
  private static void certificate(String name, String subject) throws Exception {
    Path store = directory.resolve(name + ".p12");
    Process made =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                "RSA",
                "-dname",
                subject,
                "-validity",
                "3650",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                STORE_PASSWORD)
            .redirectErrorStream(true)
            .start();
    String said = new String(made.getInputStream().readAllBytes());
    assertThat(made.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, STORE_PASSWORD.toCharArray());
    }
    write(
        name + ".key", "PRIVATE KEY", keys.getKey("a", STORE_PASSWORD.toCharArray()).getEncoded());
    write(name + ".crt", "CERTIFICATE", keys.getCertificate("a").getEncoded());
  }

  private static void write(String file, String kind, byte[] bytes) throws IOException {
    Path path = directory.resolve(file);
    Files.writeString(
        path,
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(
                kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes), kind));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
  }

  private static void execute(String... statements) throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String asked(String sql) throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static ConnectionFailure failure(String url, String user) {
    try (Connection connection = DriverManager.getConnection(url, user, "password")) {
      return fail("connected to " + url + " as " + connection.getMetaData().getUserName());
    } catch (SQLException e) {
      return ConnectionFailure.of(JdbcUrl.address(url), "BACKFILL_URL", "BACKFILL", e);
    }
  }

  private static void assertAdvice(String user, String parameters, String advice) {
    ConnectionFailure failure =
        failure("jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres" + parameters, user);

    assertThat(failure.reason())
        .startsWith("cannot connect to 127.0.0.1:")
        .endsWith(". " + advice)
        .doesNotContain("\n");
    assertThat(failure.retryable()).isFalse();
  }

  private static String root(String name) {
    return "&sslrootcert=" + directory.resolve(name + ".crt");
  }

  @Test
  void aTimeoutThatEndsTheFirstStatementIsNamed() {
    SQLException cut = new SQLException("canceling statement due to statement timeout", "57014");

    ConnectionFailure failure = ConnectionFailure.of("db:5432/app", "U_URL", "U", cut);

    assertThat(failure)
        .isEqualTo(
            new ConnectionFailure(
                "cannot connect to db:5432/app: canceling statement due to statement timeout. A timeout of the role or"
                    + " the database is too short for a session's first statement, and a pooler is between that takes no"
                    + " options: set a longer one, as by ALTER ROLE … SET, or name the server itself in U_URL",
                false));
  }

  @Test
  void whatPgHbaDoesNotAdmitIsSaidOfPgHba() {
    assertAdvice(
        "barred",
        "",
        "The server's pg_hba.conf does not admit this role from here: add a line for it there");
    assertAdvice(
        "plain",
        "?sslmode=disable",
        "The server's pg_hba.conf does not admit this role from here without encryption: add sslmode=require to"
            + " BACKFILL_URL, or a line for it there");
    assertAdvice("owner", "", "ALTER ROLE … LOGIN, or name another role in BACKFILL_USER");
  }

  @Test
  void aCertificateIsMissingOfAnotherHostOrOfAnotherAuthority() {
    assertAdvice(
        "plain",
        "?sslmode=verify-full" + root("server"),
        "The server's certificate is for another host name: use its name in BACKFILL_URL, or sslmode=verify-ca");
    assertAdvice(
        "plain",
        "?sslmode=verify-ca" + root("other"),
        "The server's certificate is not from the authority in sslrootcert: check that file, and the address in"
            + " BACKFILL_URL");
    assertAdvice(
        "plain",
        "?sslmode=verify-ca&sslrootcert=" + directory.resolve("none.crt"),
        "Name the file of the authority's certificate by sslrootcert in BACKFILL_URL");
    assertAdvice(
        "shown",
        "?sslmode=require",
        "The server asks for a certificate of ours: name it by sslcert and sslkey in BACKFILL_URL");
  }

  @Test
  void aServerWithoutEncryptionIsToldFromAWrongPassword() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      String url = database.url() + (database.url().contains("?") ? "&" : "?") + "sslmode=require";

      ConnectionFailure failure = failure(url, database.user());

      assertThat(failure.reason())
          .endsWith(
              "The server has no encryption: switch ssl on there, or take sslmode out of BACKFILL_URL");
      assertThat(failure.retryable()).isFalse();
    }
  }

  @Test
  void aHostThatIsNotKnownIsToldFromAServerThatIsDown() {
    assertThat(failure("jdbc:postgresql://db.invalid/app", "u").reason())
        .startsWith("cannot connect to db.invalid:5432/app: ")
        .endsWith(". Check the host's name in BACKFILL_URL");
  }
}
