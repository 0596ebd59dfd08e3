package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.server.Database;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingFaultProxy;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A password that is replaced while a run lasts, on a server of the test's own that asks for it.
 */
class PasswordFileTest {
  private static TestingPostgres server;
  private static TestingDatabase admin;
  @TempDir Path directory;
  private Path file;
  private Database database;

  @BeforeAll
  static void start() throws Exception {
    server = TestingPostgres.start();
    admin = server.createDatabase();
    String rules = (String) admin.rows("SHOW hba_file").get(0).get(0);
    admin.execute(
        "CREATE ROLE rotated LOGIN",
        "COPY (VALUES ('host all postgres all trust'), ('host all all all scram-sha-256')) TO '"
            + rules
            + "'",
        "SELECT pg_reload_conf()");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void name() throws Exception {
    file = directory.resolve("password");
    rotateTo("first");
    database = Database.fromEnvironment("BACKFILL", environment(), Duration.ofSeconds(5));
  }

  private Map<String, String> environment() {
    return Map.of(
        "BACKFILL_URL",
        admin.url(),
        "BACKFILL_USER",
        "rotated",
        "BACKFILL_PASSWORD_FILE",
        file.toString());
  }

  private void rotateTo(String password) throws Exception {
    admin.execute("ALTER ROLE rotated PASSWORD '" + password + "'");
    Files.writeString(file, password + "\n");
  }

  private void connects() throws SQLException {
    try (Connection connection = database.connect("test")) {
      assertThat(connection.isValid(5)).isTrue();
    }
  }

  @Test
  void fileIsReadAgainForEachConnection() throws Exception {
    connects();
    rotateTo("second");
    connects();
    Database onAnExecutor = Database.fromOptions(database.toOptions());
    rotateTo("third");
    onAnExecutor.connectForReading("test").close();
  }

  @Test
  void halfOpenConnectionIsFoundOutWithThePasswordThatItHasSince() throws Exception {
    try (TestingFaultProxy proxy = new TestingFaultProxy(admin.url())) {
      Map<String, String> environment = new HashMap<>(environment());
      environment.put("BACKFILL_URL", proxy.url(admin.url()));
      try (Connection connection =
              Database.fromEnvironment("BACKFILL", environment, Duration.ofSeconds(1))
                  .connect("half-open");
          Statement statement = connection.createStatement()) {
        rotateTo("second");
        proxy.swallowAfter(0);

        assertThatThrownBy(() -> statement.execute("SELECT 1"))
            .hasStackTraceContaining("the connection is half-open");
      }
    }
  }

  @Test
  void runGoesOnWithThePasswordThatItHasSince() throws Exception {
    admin.execute(
        "CREATE TABLE member AS SELECT 1 AS team, 2 AS person",
        "CREATE TABLE sees (team int, person int, PRIMARY KEY (team, person))",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON member, sees TO rotated",
        "GRANT CREATE ON DATABASE " + admin.name() + " TO rotated");
    Path plan =
        Files.writeString(
            directory.resolve("rotated.conf"),
            """
            name = rotated
            sources.member = member
            steps = [{ name = pairs, kind = pairs, direct = [{ from = member, object = team, user = person }]
              into = { table = sees, object = team, user = person } }]
            """);
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            admin, "sees", options -> TestingRun.of(environment(), "run", plan, options))) {
      rotateTo("second");

      TestingRun run = held.release();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.step().path("missing").asLong(-1)).isZero();
      assertThat(admin.rows("TABLE sees")).isEqualTo(List.of(List.of(1, 2)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {" first", "first ", "first\t", "fir st", "first\n"})
  void oneNewlineIsTakenOffAndNothingElse(String password) throws Exception {
    rotateTo(password);
    connects();
    Files.writeString(file, password + "\r\n");
    connects();
    Files.writeString(file, password + "\n\n");
    assertThatThrownBy(this::connects)
        .hasMessage("FATAL: password authentication failed for user \"rotated\"");
  }

  @Test
  void variablesThatAreEmptyCountAsNotSet() throws Exception {
    try (Connection connection =
        Database.fromEnvironment(
                "BACKFILL",
                Map.of(
                    "BACKFILL_URL",
                    admin.url(),
                    "BACKFILL_READ_URL",
                    "",
                    "BACKFILL_USER",
                    "rotated",
                    "BACKFILL_PASSWORD",
                    "first",
                    "BACKFILL_PASSWORD_FILE",
                    ""),
                Duration.ofSeconds(5))
            .connect("test")) {
      assertThat(connection.isValid(5)).isTrue();
    }
    database =
        Database.fromEnvironment(
            "BACKFILL",
            Map.of(
                "BACKFILL_URL",
                admin.url(),
                "BACKFILL_USER",
                "rotated",
                "BACKFILL_PASSWORD",
                "",
                "BACKFILL_PASSWORD_FILE",
                file.toString()),
            Duration.ofSeconds(5));
    connects();
  }

  @Test
  void serverRefusesTheOneBefore() throws Exception {
    admin.execute("ALTER ROLE rotated PASSWORD 'other'");

    assertThatThrownBy(this::connects)
        .hasMessage("FATAL: password authentication failed for user \"rotated\"");
  }

  @Test
  void fileThatIsGoneIsNamed() throws Exception {
    Files.delete(file);

    assertThatThrownBy(this::connects)
        .hasMessage("cannot read the password from " + file + ", named by BACKFILL_PASSWORD_FILE");
  }
}
