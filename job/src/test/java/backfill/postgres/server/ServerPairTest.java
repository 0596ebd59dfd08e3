package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.preflight.PreflightResult;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingReplica;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestingPreflight.Dropped.class)
class ServerPairTest {

  @Test
  void olderThan14IsRefused() {
    assertThat(Server.tooOld(139999, "13.22"))
        .contains("runs PostgreSQL 13.22, and 14 or later is needed; upgrade it");
    assertThat(Server.tooOld(140000, "14.0")).isEmpty();
  }

  @Test
  void aServerThatDoesNotAnswerIsRetryableAndNamesAddressAndVariable() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    NotReadyException refused =
        TestingPreflight.pairs()
            .notReady(
                TestingPreflight.database(
                    Map.of(
                        "BACKFILL_URL",
                        "jdbc:postgresql://127.0.0.1:" + port + "/db?user=v",
                        "BACKFILL_READ_URL",
                        "jdbc:postgresql://127.0.0.1:" + port + "/replica",
                        "BACKFILL_USER",
                        "u")));
    assertThat(refused.retryable()).isTrue();
    assertThat(refused.reasons()).hasSize(2);
    assertThat(refused.reasons().get(0))
        .startsWith("cannot connect to 127.0.0.1:" + port + "/db: ")
        .contains("Connection refused")
        .endsWith("Check that the server runs, and the address in BACKFILL_URL")
        .doesNotContain("secret", "\n");
    assertThat(refused.reasons().get(1)).endsWith("the address in BACKFILL_READ_URL");
  }

  @Test
  void anUnknownRoleOrDatabaseIsNotRetryable() {
    TestingPreflight world = TestingPreflight.pairs();
    NotReadyException role = world.notReady(world.as("nobody"));
    assertThat(role.retryable()).isFalse();
    assertThat(role.reasons())
        .singleElement()
        .asString()
        .startsWith("cannot connect to " + world.address() + ": ")
        .contains("\"nobody\"")
        .endsWith(". Check BACKFILL_USER and BACKFILL_PASSWORD or its file");
    Map<String, String> nowhere = new HashMap<>(world.database.environment());
    nowhere.computeIfPresent(
        "BACKFILL_URL", (key, url) -> url.replace(world.database.name(), "nowhere"));
    NotReadyException database = world.notReady(TestingPreflight.database(nowhere));
    assertThat(database.retryable()).isFalse();
    assertThat(database.reasons())
        .containsExactly(
            "cannot connect to "
                + world.address().replace(world.database.name(), "nowhere")
                + ": database \"nowhere\" does not exist. Check the database's name in BACKFILL_URL");
  }

  @Test
  void passwordsInAFailuresTextAreLeftOut() {
    ConnectionFailure failure =
        ConnectionFailure.of(
            "h:5432/db",
            "BACKFILL_URL",
            "BACKFILL",
            new SQLException(
                "No driver for jdbc:postgresql://h/db?password=secret&ssl=true", "08001"));
    assertThat(failure.reason())
        .startsWith(
            "cannot connect to h:5432/db: No driver for jdbc:postgresql://h/db?password=…&ssl=true.");
  }

  @Test
  void aServerThatStartsOrIsFullIsRetryableAndAWrongPasswordIsNot() {
    assertThat(failure("57P03").retryable()).isTrue();
    assertThat(failure("53300").reason()).endsWith("not taking connections now; try again later");
    assertThat(failure("53300").retryable()).isTrue();
    assertThat(failure("08006").retryable()).isTrue();
    assertThat(failure("28P01").retryable()).isFalse();
    assertThat(failure("08004").retryable()).isFalse();
  }

  private static ConnectionFailure failure(String state) {
    return ConnectionFailure.of(
        "h:5432/db", "BACKFILL_URL", "BACKFILL", new SQLException("no", state));
  }

  @Test
  void readOnlyTransactionsAreRefusedForATarget() {
    TestingPreflight world = TestingPreflight.pairs();
    world.execute(
        "ALTER DATABASE " + world.database.name() + " SET default_transaction_read_only = on");
    assertThat(world.reasons())
        .containsExactly(
            world.address()
                + ": begins transactions as READ ONLY (default_transaction_read_only is on) and cannot be"
                + " written to; turn it off for \""
                + world.database.user()
                + "\", or name another server in BACKFILL_URL");
  }

  @Test
  void readingAnotherClusterOrDatabaseIsRefused() throws IOException, SQLException {
    TestingPreflight world = TestingPreflight.pairs();
    TestingPreflight other = TestingPreflight.pairs();
    Map<String, String> elsewhere = new HashMap<>(world.database.environment());
    elsewhere.put("BACKFILL_READ_URL", other.database.url());
    assertThat(world.reasons(TestingPreflight.database(elsewhere)))
        .containsExactly(
            other.address()
                + ": reads database \""
                + other.database.name()
                + "\" while \""
                + world.database.name()
                + "\" is written; name the same database in BACKFILL_READ_URL");
    try (EmbeddedPostgres first = withTables(EmbeddedPostgres.start());
        EmbeddedPostgres second = withTables(EmbeddedPostgres.start())) {
      assertThat(world.reasons(reading(url(first), url(second))))
          .containsExactly(
              "%s: is no replica of %s: its system identifier is %s, not %s; set BACKFILL_READ_URL to a replica, or leave it unset"
                  .formatted(
                      JdbcUrl.address(url(second)),
                      JdbcUrl.address(url(first)),
                      systemIdentifier(second),
                      systemIdentifier(first)));
    }
  }

  private static String url(EmbeddedPostgres server) {
    return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres";
  }

  private static EmbeddedPostgres withTables(EmbeddedPostgres server) throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      for (String table : TestingPreflight.TABLES) {
        statement.execute(table);
      }
    }
    return server;
  }

  private static String systemIdentifier(EmbeddedPostgres server) throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT system_identifier FROM pg_control_system()")) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void connectionsThatReachDifferentServersAreRefused() throws IOException, SQLException {
    TestingPreflight world = TestingPreflight.pairs();
    world.readers = 8;
    try (EmbeddedPostgres first = withTables(EmbeddedPostgres.start());
        EmbeddedPostgres second = withTables(EmbeddedPostgres.start())) {
      String address =
          "127.0.0.1:%d,127.0.0.1:%d/postgres".formatted(first.getPort(), second.getPort());
      Database both =
          TestingPreflight.database(
              Map.of(
                  "BACKFILL_URL",
                  "jdbc:postgresql://" + address + "?loadBalanceHosts=true",
                  "BACKFILL_USER",
                  "postgres"));
      assertThat(untilRefused(world, both))
          .containsExactly(
              address
                  + ": 8 connections reached 2 different servers, and a snapshot of one is unknown to another;"
                  + " name a single server in BACKFILL_URL");
    }
  }

  /** The driver draws a host for each connection: once in 128 times all eight are the same. */
  private static List<String> untilRefused(TestingPreflight world, Database both) {
    for (int i = 0; i < 10; i++) {
      try {
        world.ready(both);
      } catch (NotReadyException e) {
        return e.reasons();
      }
    }
    return List.of();
  }

  @Test
  void aStandbyIsReadFromAndNeverWrittenTo(@TempDir(cleanup = CleanupMode.NEVER) Path directory)
      throws IOException, SQLException {
    Path primary = directory.resolve("primary");
    Path standby = directory.resolve("standby");
    TestingPreflight world = TestingPreflight.pairs();
    try (EmbeddedPostgres server = withTables(start(primary))) {
      assertThat(server.getPort()).isPositive();
    }
    TestingReplica.copy(primary, standby);
    Files.createFile(standby.resolve("standby.signal"));
    try (EmbeddedPostgres first = start(primary);
        EmbeddedPostgres second = start(standby)) {
      PreflightResult ready = world.ready(reading(url(first), url(second)));
      assertThat(ready.server().standby()).isFalse();
      assertThat(ready.readFrom().standby()).isTrue();
      assertThat(
              world.reasons(
                  TestingPreflight.database(
                      Map.of("BACKFILL_URL", url(second), "BACKFILL_USER", "postgres"))))
          .containsExactly(
              JdbcUrl.address(url(second))
                  + ": is a standby, and only a primary can be written to; set BACKFILL_URL to the"
                  + " primary");
    }
  }

  private static EmbeddedPostgres start(Path data) throws IOException {
    return EmbeddedPostgres.builder()
        .setPGStartupWait(Duration.ofMinutes(2))
        .setDataDirectory(data)
        .setCleanDataDirectory(false)
        .start();
  }

  @Test
  void fewerFreeConnectionsThanNeededAreRefusedWithTheLimitThatBinds() throws SQLException {
    TestingPreflight world = TestingPreflight.pairs();
    world.readers = 8;
    String role = world.role();
    world.execute(
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role,
        "GRANT USAGE ON SEQUENCE access_id_seq TO " + role,
        "ALTER ROLE " + role + " CONNECTION LIMIT 11");
    assertThat(world.ready(world.as(role)).applies()).isTrue();
    try (Connection another = world.as(role).connect("another")) {
      assertThat(another.isValid(1)).isTrue();
      assertThat(world.reasons(world.as(role)))
          .containsExactly(
              needed(world)
                  + "10 are free: the role's CONNECTION LIMIT is 11, and 1 is taken; lower read.readers and"
                  + " write.writers, or raise the limit");
    }
    world.execute(
        "ALTER ROLE " + role + " CONNECTION LIMIT -1",
        "ALTER DATABASE " + world.database.name() + " CONNECTION LIMIT 4");
    assertThat(world.reasons(world.as(role)))
        .containsExactly(
            needed(world)
                + "4 are free: the database's CONNECTION LIMIT is 4, and 0 are taken; lower read.readers and"
                + " write.writers, or raise the limit");
    assertThat(world.ready().applies()).as("a superuser is not bound by it").isTrue();
  }

  @Test
  void connectionsOfOthersAreCountedByWhoMayNotLookAtThem() throws SQLException {
    try (TestingPostgres server = TestingPostgres.start()) {
      countsConnectionsOfOthers(TestingPreflight.pairs(server));
    }
  }

  private static void countsConnectionsOfOthers(TestingPreflight world) throws SQLException {
    String role = world.role();
    int most = Integer.parseInt(world.value("SHOW max_connections"));
    world.readers =
        most - 3 - 3 - 2; // three are reserved, three stand beside, and two belong to others
    world.execute(
        "GRANT SELECT ON direct, through, members, access TO " + role,
        "GRANT INSERT ON access TO " + role,
        "GRANT USAGE ON SEQUENCE access_id_seq TO " + role);
    List<Connection> others = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        others.add(world.admin().connect("other"));
      }
      assertThat(world.ready(world.as(role)).applies()).isTrue();
      others.add(world.admin().connect("other"));
      assertThat(world.reasons(world.as(role)))
          .singleElement()
          .asString()
          .contains(
              "max_connections, without those reserved for others is "
                  + (most - 3)
                  + ", and 3 are taken");
    } finally {
      for (Connection other : others) {
        other.close();
      }
    }
  }

  private static String needed(TestingPreflight world) {
    return world.address()
        + ": 11 connections are needed (the larger of 8 readers and 2 writers, and 3 more) and ";
  }

  private static Database reading(String url, String readUrl) {
    return TestingPreflight.database(
        Map.of("BACKFILL_URL", url, "BACKFILL_READ_URL", readUrl, "BACKFILL_USER", "postgres"));
  }

  private static String address(TestingPreflight world) {
    return world.address();
  }
}
