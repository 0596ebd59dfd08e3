package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSecureServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole runs on a server with an authority of its own, by each way of logging in; and each reason
 * to refuse a connection is one sentence, and exit code 3.
 */
class SecureConnectionsTest {
  /** What a password file must write with a backslash. */
  private static final String PASSWORD = "pass:word\\with%20 \"marks\"";

  private static final String[] VERIFIED = {"sslmode=verify-full", "sslrootcert=@ca.crt"};
  private static final String WRONG_PASSWORD =
      "password authentication failed for user \"%s\". Check BACKFILL_USER and BACKFILL_PASSWORD or its file";

  @TempDir static Path directory;
  private static TestingSecureServer server;
  private static Path plan;

  @BeforeAll
  static void start() throws Exception {
    server =
        TestingSecureServer.start(
            directory,
            "hostssl all scrammed all scram-sha-256",
            "hostssl all hashed all md5",
            "hostssl all certified all cert");
    server.execute(
        "CREATE ROLE scrammed LOGIN PASSWORD '" + PASSWORD + "'",
        "SET password_encryption = md5; CREATE ROLE hashed LOGIN PASSWORD 'hashed'",
        "CREATE ROLE certified LOGIN",
        "CREATE TABLE grants (object_id int, user_id int)",
        "INSERT INTO grants SELECT n, n FROM generate_series(1, 10) n",
        "CREATE TABLE seen (object_id int, user_id int, PRIMARY KEY (object_id, user_id))",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON grants, seen TO PUBLIC",
        "GRANT CREATE ON DATABASE postgres TO PUBLIC");
    plan = directory.resolve("secure.conf");
    Files.writeString(
        plan,
        """
        name = secure
        ledger = off
        databases.other.env = BACKFILL_OTHER
        sources { grants = grants, more = { table = grants, database = other } }
        steps = [{ name = people, kind = pairs
          direct = [{ from = grants, object = object_id, user = user_id },
                    { from = more, object = object_id, user = user_id }]
          into = { table = seen, object = object_id, user = user_id } }]
        """);
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @AfterEach
  void forget() throws Exception {
    System.clearProperty("org.postgresql.pgpassfile");
    server.execute("TRUNCATE seen");
  }

  /** Both databases are the same one. */
  private static Map<String, String> environment(String url, String user) {
    Map<String, String> environment = new HashMap<>();
    for (String prefix : new String[] {"BACKFILL", "BACKFILL_OTHER"}) {
      environment.put(prefix + "_URL", url);
      environment.put(prefix + "_USER", user);
    }
    return environment;
  }

  private static Map<String, String> environment(String url, String user, String password) {
    Map<String, String> environment = environment(url, user);
    environment.put("BACKFILL_PASSWORD", password);
    environment.put("BACKFILL_OTHER_PASSWORD", password);
    return environment;
  }

  private static void fills(Map<String, String> environment) throws Exception {
    TestingRun run = TestingRun.of(environment, "run", plan);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(server.asked("SELECT count(*) FROM seen")).isEqualTo("10");
  }

  /** For the same reason of each database. */
  private static void refused(Map<String, String> environment, String reason) {
    TestingRun run = TestingRun.of(environment, "run", plan);

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.message()).contains("cannot connect to ", reason).doesNotContain("\n");
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
    assertThat(run.said()).doesNotContain("\tat ", PASSWORD);
  }

  @Test
  void verifyFullWithScramAndChannelBinding() throws Exception {
    fills(
        environment(
            server.url("localhost", VERIFIED[0], VERIFIED[1], "channelBinding=require"),
            "scrammed",
            PASSWORD));
  }

  @Test
  void aCertificateOfOursAndAPasswordByMd5() throws Exception {
    fills(
        environment(
            server.url(
                "localhost", VERIFIED[0], VERIFIED[1], "sslcert=@client.crt", "sslkey=@client.pk8"),
            "certified"));
    TestingRun check =
        TestingRun.of(
            environment(server.url("localhost", VERIFIED), "hashed", "hashed"), "check", plan);
    assertThat(check.code()).as(check.said()).isZero();
  }

  @Test
  void eachWrongCertificateIsRefused() {
    refused(
        environment(
            server.url("localhost", "sslmode=verify-full", "sslrootcert=@other.crt"),
            "scrammed",
            PASSWORD),
        "The server's certificate is not from the authority in sslrootcert: check that file, and the address in BACKFILL_URL");
    refused(
        environment(server.url("127.0.0.1", VERIFIED), "scrammed", PASSWORD),
        "The server's certificate is for another host name: use its name in BACKFILL_URL, or sslmode=verify-ca");
    refused(
        environment(
            server.url("localhost", "sslmode=verify-full", "sslrootcert=@none.crt"),
            "scrammed",
            PASSWORD),
        "Name the file of the authority's certificate by sslrootcert in BACKFILL_URL");
    refused(
        environment(
            server.url(
                "localhost", VERIFIED[0], VERIFIED[1], "sslcert=@other.crt", "sslkey=@other.pk8"),
            "certified"),
        "The server asks for a certificate of ours: name it by sslcert and sslkey in BACKFILL_URL");
  }

  /** The driver takes no key that others can read. */
  @Test
  void aKeyThatCannotBeUsedIsNamed() throws Exception {
    Path key = Files.copy(directory.resolve("client.pk8"), directory.resolve("open.pk8"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--rw-"));
    for (String file : new String[] {"@open.pk8", "@none.pk8"}) {
      refused(
          environment(
              server.url(
                  "localhost", VERIFIED[0], VERIFIED[1], "sslcert=@client.crt", "sslkey=" + file),
              "certified"),
          "Check the files of sslcert and sslkey in BACKFILL_URL");
    }
  }

  @Test
  void whatTheServerDoesNotOfferIsRefused() throws Exception {
    try (TestingDatabase plain = TestingPostgres.shared().createDatabase()) {
      refused(
          environment(plain.url() + "?sslmode=require", plain.user(), plain.password()),
          "The server has no encryption: switch ssl on there, or take sslmode out of BACKFILL_URL");
    }
    refused(
        environment(server.url("localhost", VERIFIED), "scrammed", "wrong"),
        WRONG_PASSWORD.formatted("scrammed"));
    refused(
        environment(server.url("localhost", VERIFIED), "hashed", "wrong"),
        WRONG_PASSWORD.formatted("hashed"));
    refused(
        environment(
            server.url("localhost", VERIFIED[0], VERIFIED[1], "channelBinding=require"),
            "hashed",
            "hashed"),
        "Channel binding takes a SCRAM password of the role, and encryption: give it both, or take channelBinding out of BACKFILL_URL");
  }

  /** The first line that fits counts; a colon and a backslash are written with a backslash. */
  private static void passwordFile(String permissions, String... lines) throws IOException {
    Path file = directory.resolve("pgpass");
    Files.write(file, java.util.List.of(lines));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    System.setProperty("org.postgresql.pgpassfile", file.toString());
  }

  private static String line(String host, String password) {
    return "%s:%d:postgres:scrammed:%s".formatted(host, server.port(), password);
  }

  private static String escaped() {
    return PASSWORD.replace("\\", "\\\\").replace(":", "\\:");
  }

  @Test
  void thePasswordFileServesBothDatabasesAndTheOneThatIsRead() throws Exception {
    passwordFile(
        "rw-------",
        "# host:port:database:user:password",
        "*:*:*:another:no",
        line("localhost", escaped()),
        line("127.0.0.1", escaped()));
    Map<String, String> environment = environment(server.url("localhost", VERIFIED), "scrammed");
    environment.put("BACKFILL_READ_URL", server.url("127.0.0.1", "sslmode=require"));

    fills(environment);
  }

  @Test
  void aPasswordFileThatIsNoUseIsNamed() throws Exception {
    Map<String, String> environment = environment(server.url("localhost", VERIFIED), "scrammed");
    passwordFile("rw-r-----", line("*", escaped()));
    refused(
        environment,
        "; the password file %s was not used, because others than its owner have rights to it: chmod 600"
            .formatted(directory.resolve("pgpass")));
    passwordFile("rw-------", "localhost");
    refused(
        environment,
        "cannot read the password file %s: a line of it is not host:port:database:user:password"
            .formatted(directory.resolve("pgpass")));
    passwordFile("rw-------", line("localhost", "wrong"));
    refused(environment, WRONG_PASSWORD.formatted("scrammed"));
    passwordFile("rw-------", line("elsewhere", escaped()));
    refused(environment, "Check BACKFILL_USER and BACKFILL_PASSWORD or its file");
  }
}
