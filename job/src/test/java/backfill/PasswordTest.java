package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.cli.CommandLineJob;
import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingLog;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the password comes from, and that it goes nowhere else. */
class PasswordTest {
  private static final String MARKER = "hunter2-is-the-password";
  private static final String ROLE = "role_" + UUID.randomUUID().toString().replace("-", "");

  private static TestingDatabase database;
  @TempDir Path directory;

  @BeforeAll
  static void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + MARKER + "'",
        "CREATE TABLE member (team bigint, person bigint)",
        "INSERT INTO member VALUES (1, 1)",
        "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))",
        "GRANT SELECT, INSERT, UPDATE ON member, sees TO " + ROLE,
        "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
  }

  @AfterAll
  static void drop() throws SQLException {
    database.execute("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    database.close();
  }

  private String run(String name, Map<String, String> environment) throws Exception {
    Path plan = directory.resolve("p.conf");
    Files.writeString(
        plan,
        """
        name = %s
        sources.member = member
        steps = [
          { name = people, kind = pairs
            direct = [{ from = member, object = team, user = person }]
            into = { table = sees, object = team, user = person } }
        ]
        """
            .formatted(name));
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    try (TestingLog log = new TestingLog(Level.ALL)) {
      CommandLineJob.run(environment, stream, stream, "run", plan.toString(), "--report", "-");
      return out.toString(StandardCharsets.UTF_8) + String.join("\n", log.texts());
    }
  }

  private static Map<String, String> asParameter(String url) {
    return Map.of("BACKFILL_URL", url + "?password=" + MARKER + "&user=" + ROLE);
  }

  private static Map<String, String> asVariable(String url) {
    return Map.of("BACKFILL_URL", url, "BACKFILL_USER", ROLE, "BACKFILL_PASSWORD", MARKER);
  }

  @Test
  void runThatSucceedsShowsItNowhere() throws Exception {
    assertThat(run("quiet", asVariable(database.url())))
        .contains("\"exitCode\"", "succeeded")
        .doesNotContain(MARKER);
  }

  @Test
  void urlThatHoldsItIsRefusedAndShownNowhere() throws Exception {
    String server = database.url().replaceFirst("jdbc:postgresql://", "");
    List<String> urls =
        List.of(
            database.url() + "?password=" + MARKER + "&user=" + ROLE,
            database.url() + "?ssl=false&sslpassword=" + MARKER,
            database.url() + ";user=x;password=" + MARKER,
            database.url() + "&password=" + MARKER,
            "jdbc:postgresql://" + ROLE + ":" + MARKER + "@" + server,
            "jdbc:postgresql://" + ROLE + ":" + MARKER + "/" + database.name(),
            "jdbc:postgresql://h:x" + MARKER + "/d",
            "jdbc:postgresql://localhost/" + MARKER + "/d");
    for (String url : urls) {
      Map<String, String> write = Map.of("BACKFILL_URL", url, "BACKFILL_USER", ROLE);
      Map<String, String> read = new HashMap<>(asVariable(database.url()));
      read.replace("BACKFILL_PASSWORD", "another");
      read.put("BACKFILL_READ_URL", url);

      assertThat(run("quiet", write))
          .contains("\"exitCode\":2", "BACKFILL_URL: ")
          .doesNotContain(MARKER);
      assertThat(run("quiet", read))
          .contains("\"exitCode\":2", "BACKFILL_READ_URL: ")
          .doesNotContain(MARKER);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://localhost:1/d",
        "jdbc:postgresql://no.such.host.invalid/d",
        "jdbc:postgresql://localhost:1/d?sslmode=verify-full&user=x"
      })
  void runThatCannotConnectShowsItNowhere(String url) throws Exception {
    assertThat(run("quiet", asVariable(url))).contains("\"exitCode\":3").doesNotContain(MARKER);
  }

  @Test
  void runWhoseReadFailsShowsItNowhere() throws Exception {
    database.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON sees FOR EACH ROW EXECUTE FUNCTION fail()",
        "DELETE FROM sees");
    try {
      assertThat(run("quiet", asVariable(database.url())))
          .contains("\"exitCode\":6")
          .doesNotContain(MARKER);
    } finally {
      database.execute("DROP TRIGGER fail ON sees", "DROP FUNCTION fail");
    }
  }

  @Test
  void neitherTheDatabaseNorItsExceptionsShowIt() throws Exception {
    assertThatThrownBy(() -> database(asParameter("jdbc:postgresql://h:1/d")))
        .hasMessageContaining("BACKFILL_URL: holds a password")
        .satisfies(PasswordTest::isClean);
    Database unreachable = database(asVariable("jdbc:postgresql://localhost:1/d"));
    assertThat(unreachable).hasToString(ROLE + " at jdbc:postgresql://localhost:1/d");
    assertThatThrownBy(() -> unreachable.connect("x")).satisfies(PasswordTest::isClean);
    assertThat(unreachable.toOptions().toString()).doesNotContain(MARKER);
    assertThat(serialized(unreachable)).doesNotContain(MARKER);
  }

  /** As it is sent to executors. */
  private static String serialized(Object sent) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(sent);
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  private static void isClean(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).doesNotContain(MARKER);
  }

  private static Database database(Map<String, String> environment) {
    return Database.fromEnvironment("BACKFILL", environment, Duration.ofSeconds(5));
  }
}
