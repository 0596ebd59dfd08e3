package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingJvm;
import backfill.testing.TestingOutcome;
import backfill.testing.TestingPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server fixture: fresh databases, and a server that can go away and come back. */
class TestingPostgresTest {

  @Test
  void databasesOfOneServerShareNothing() throws SQLException {
    try (TestingDatabase one = TestingPostgres.shared().createDatabase();
        TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      one.execute(
          "CREATE TABLE t (a int, b text)",
          "INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, NULL)");

      assertThat(one.count("SELECT count(*) FROM t")).isEqualTo(2);
      assertThat(one.rows("SELECT a, b FROM t ORDER BY a"))
          .isEqualTo(List.of(List.of(1, "x"), Arrays.asList(2, null)));
      assertThatThrownBy(() -> other.count("SELECT count(*) FROM t"))
          .hasMessageContaining("\"t\" does not exist");
    }
  }

  @Test
  void closingDropsTheDatabaseUnderAnOpenConnection() throws SQLException {
    TestingDatabase database = TestingPostgres.shared().createDatabase();
    try (Connection left = database.connection()) {
      database.close();

      assertThat(left.isValid(5)).isFalse();
      assertThatThrownBy(database::connection)
          .hasMessageContaining("\"" + database.name() + "\" does not exist");
    }
  }

  @Test
  void countRefusesAnythingButOneNumber() throws SQLException {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      assertThatThrownBy(() -> database.count("SELECT 'a'"))
          .hasMessage("expected one number from SELECT 'a', got [[a]]");
    }
  }

  @Test
  void environmentLeadsTheJobToTheDatabase() throws SQLException {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      assertThat(database.environment())
          .containsOnly(
              Map.entry("BACKFILL_URL", database.url()),
              Map.entry("BACKFILL_USER", database.user()),
              Map.entry("BACKFILL_PASSWORD", database.password()));
      assertThat(database.url()).contains("/" + database.name());
    }
  }

  @Test
  void serverOfTheEnvironmentComesFirst() throws SQLException {
    try (TestingPostgres running = TestingPostgres.start();
        TestingDatabase there = running.createDatabase();
        TestingDatabase database =
            TestingPostgres.choose(
                    Map.of(
                        "BACKFILL_TEST_URL", there.url() + "?ApplicationName=tests",
                        "BACKFILL_TEST_USER", there.user(),
                        "BACKFILL_TEST_PASSWORD", there.password()))
                .createDatabase()) {

      assertThat(
              there.count(
                  "SELECT count(*) FROM pg_database WHERE datname = '" + database.name() + "'"))
          .isOne();
      assertThat(database.rows("SHOW application_name")).isEqualTo(List.of(List.of("tests")));
    }
  }

  @Test
  void serverOfTheEnvironmentThatDoesNotAnswerIsNotReplaced() {
    assertThatThrownBy(
            () ->
                TestingPostgres.choose(
                    Map.of("BACKFILL_TEST_URL", "jdbc:postgresql://localhost:1/none")))
        .hasMessage(
            "cannot connect as postgres to the server of BACKFILL_TEST_URL, jdbc:postgresql://localhost:1/none");
  }

  /** What a JVM does that needs a server, and says which one it got. */
  static final class OtherJvm {
    private OtherJvm() {}

    public static void main(String[] arguments) throws SQLException {
      try (TestingDatabase database = TestingPostgres.choose(Map.of()).createDatabase()) {
        System.out.println(database.rows("SHOW server_version_num"));
      }
      System.exit(0);
    }
  }

  /** In a home of its own, where Testcontainers remembers what it found. */
  private static String serverWith(String dockerHost, Path home) throws Exception {
    List<String> command = TestingJvm.words("-Dbackfill.docker.seconds=4", "-Duser.home=" + home);
    command.add(OtherJvm.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("DOCKER_HOST", dockerHost);
    TestingOutcome ended = TestingOutcome.of(Duration.ofMinutes(2), builder);
    assertThat(ended.code())
        .as("%s holds up the tests: %s", dockerHost, ended.err())
        .isNotEqualTo(TestingOutcome.TOO_LATE);
    return ended.said();
  }

  @Test
  void dockerThatAcceptsAndNeverAnswersHoldsUpNoTest(@TempDir Path home) throws Exception {
    // Nobody accepts, and the kernel takes the connection all the same.
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      assertThat(serverWith("tcp://127.0.0.1:" + silent.getLocalPort(), home))
          .contains("a Docker engine that says nothing for 4 s is left alone", "[[1");
    }
  }

  @Test
  void dockerThatIsNotThereHoldsUpNoTest(@TempDir Path home) throws Exception {
    assertThat(serverWith("tcp://127.0.0.1:1", home)).contains("[[1");
  }

  @Test
  void serverOfAnotherVersionThanMavenSaysIsRefused() {
    TestingPostgres.requireMajor(14, "14.22.0");
    assertThatThrownBy(() -> TestingPostgres.requireMajor(18, "14.22.0"))
        .hasMessage("the tests are about PostgreSQL 14.22.0, and the server is a 18");
  }

  @Test
  void restartKeepsDataAndAddressAndLosesConnections() throws SQLException {
    try (TestingPostgres server = TestingPostgres.start();
        TestingDatabase database = server.createDatabase()) {
      database.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)");
      try (Connection before = database.connection()) {
        server.restart();

        assertThat(before.isValid(5)).isFalse();
        assertThat(database.count("SELECT count(*) FROM t")).isOne();
      }
    }
  }

  @Test
  void crashKeepsWhatWasCommittedAndLosesConnections() throws Exception {
    try (TestingPostgres server = TestingPostgres.start();
        TestingDatabase database = server.createDatabase()) {
      try (Connection open = database.connection()) {
        open.createStatement().execute("CREATE TABLE t (a int)");
        open.createStatement().execute("INSERT INTO t VALUES (1)");
        open.setAutoCommit(false);
        open.createStatement().execute("INSERT INTO t VALUES (2)");

        server.crash();

        assertThat(open.isValid(5)).isFalse();
        assertThat(database.count("SELECT count(*) FROM t")).isOne();
      }
    }
  }

  @Test
  void stoppedServerRefusesConnectionsUntilItIsRestarted() throws SQLException {
    try (TestingPostgres server = TestingPostgres.start();
        TestingDatabase database = server.createDatabase()) {
      server.stop();
      assertThatThrownBy(database::connection).hasMessageContaining("refused");

      server.restart();
      assertThat(database.count("SELECT 1")).isOne();
    }
  }

  @Test
  void embeddedServerCountsStatements() throws SQLException {
    try (TestingPostgres server = TestingPostgres.start();
        TestingDatabase database = server.createDatabase()) {
      database.execute("CREATE EXTENSION pg_stat_statements", "SELECT 47 AS once");

      assertThat(
              database.count(
                  "SELECT sum(calls)::bigint FROM pg_stat_statements WHERE query = 'SELECT $1 AS once'"))
          .isOne();
      assertThat(database.rows("SHOW max_connections")).isEqualTo(List.of(List.of("50")));
    }
  }
}
