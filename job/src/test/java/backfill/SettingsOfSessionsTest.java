package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.postgres.ledger.LedgerTables;
import backfill.postgres.server.TestingHostileSettings;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every session of a run has our settings, whatever the role, the database and the machine say:
 * each kind of statement asks for itself.
 */
class SettingsOfSessionsTest {
  private static final String[] PROBES = {
    "of_condition",
    "of_copied_source",
    "of_source",
    "of_keyed_source",
    "of_target",
    "of_stored_values",
    "of_copied_rows",
    "of_added_rows",
    "of_set_rows",
    "of_rows_to_do",
    "of_value",
    "of_schema_change",
    "of_run",
    "of_batch",
    "of_lease"
  };

  private static final String PLAN =
      """
      name = hostile
      only-if = "of_condition()"
      sources {
        grants = { table = grants, where = "of_copied_source()" }
        people = { table = people, where = "of_source()" }
        levels = { table = levels, where = "of_keyed_source()", keyed-by { id = [people.level] } }
        filled = { table = seats, where = "of_stored_values()" }
      }
      steps = [
        { name = pairs, kind = pairs, direct = [{ from = grants, object = project, user = person }]
          into = { table = sees, object = project, user = person } }
        { name = seats, kind = rows, mode = upsert, surplus = report, owns = "of_target()"
          query = "SELECT p.id, l.rank FROM people p JOIN levels l ON l.id = p.level"
          into = { table = seats, key = [id] } }
        { name = copies, kind = rows, mode = insert-missing, query = "SELECT id, rank FROM filled"
          into = { table = copies, key = [id] } }
        { name = marks, kind = batches, table = people, where = "NOT marked AND of_rows_to_do()"
          set = { marked = "of_value()" } }
        { name = made, kind = ddl, creates = made
          statement = "CREATE TABLE made AS SELECT of_schema_change()" }
      """;

  @TempDir Path directory;
  private final TimeZone zone = TimeZone.getDefault();
  private TestingHostileSettings hostile;

  @BeforeEach
  void create() throws SQLException {
    hostile = new TestingHostileSettings(PROBES);
    TestingDatabase database = hostile.database();
    database.execute(
        "CREATE TABLE grants (project int, person int)",
        "INSERT INTO grants VALUES (1, 1), (2, 2)",
        "CREATE TABLE sees (project int, person int, PRIMARY KEY (project, person))",
        "CREATE TABLE people (id int PRIMARY KEY, level int, marked boolean NOT NULL DEFAULT false)",
        "INSERT INTO people VALUES (1, 7), (2, 8)",
        "CREATE TABLE levels (id int PRIMARY KEY, rank int)",
        "INSERT INTO levels VALUES (7, 70), (8, 80), (9, 90)",
        "CREATE TABLE seats (id int PRIMARY KEY, rank int)",
        "INSERT INTO seats VALUES (1, 0)",
        "CREATE TABLE copies (id int PRIMARY KEY, rank int)");
    for (String sql : LedgerTables.create("backfill")) {
      database.execute(sql);
    }
    trigger("of_copied_rows", "AFTER INSERT ON sees");
    trigger("of_added_rows", "AFTER INSERT ON seats");
    trigger("of_set_rows", "AFTER UPDATE ON seats");
    trigger("of_run", "BEFORE INSERT OR UPDATE ON backfill.run");
    trigger("of_batch", "BEFORE INSERT OR UPDATE ON backfill.batch");
    trigger("of_lease", "BEFORE INSERT OR UPDATE ON backfill.lease");
    TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
  }

  private void trigger(String probe, String event) throws SQLException {
    hostile
        .database()
        .execute(
            "CREATE TRIGGER %s %s FOR EACH ROW EXECUTE FUNCTION %s_trigger()"
                .formatted(probe, event, probe));
  }

  @AfterEach
  void drop() throws SQLException {
    TimeZone.setDefault(zone);
    hostile.close();
  }

  private TestingRun run(Map<String, String> environment, String plan, String... words)
      throws Exception {
    Path file = directory.resolve("plan.conf");
    Files.writeString(file, plan);
    List<String> all = new ArrayList<>(List.of(words[0], file.toString()));
    all.addAll(List.of(words).subList(1, words.length));
    return TestingRun.of(environment, all.toArray(String[]::new));
  }

  private void runsAsIfNothingWereSet(Map<String, String> environment, String plan)
      throws Exception {
    TestingRun dry = run(environment, plan, "plan");
    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(dry.counts("copies", "planned")).containsExactly(2L);

    TestingRun run = run(environment, plan, "run");
    assertThat(run.code()).as(run.said()).isZero();
    TestingDatabase database = hostile.database();
    assertThat(database.rows("SELECT * FROM sees ORDER BY 1"))
        .containsExactly(List.of(1, 1), List.of(2, 2));
    assertThat(database.rows("SELECT * FROM seats ORDER BY 1"))
        .containsExactly(List.of(1, 70), List.of(2, 80));
    assertThat(database.rows("SELECT * FROM copies ORDER BY 1"))
        .containsExactly(List.of(1, 70), List.of(2, 80));
    assertThat(database.count("SELECT count(*) FROM people WHERE marked")).isEqualTo(2);
  }

  /** A session tells what it counted when it ends: a pooler is closed before. */
  private void assertEachAsked() throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!hostile.notAsked(PROBES).isEmpty() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(hostile.notAsked(PROBES)).isEmpty();
  }

  @Test
  void allAreOursInEachKindOfSession() throws Exception {
    // The server builds an index under a path of its own.
    hostile
        .database()
        .execute(
            "CREATE FUNCTION of_concurrently(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS"
                + " $$ BEGIN RETURN public.pinned_but_path('of_concurrently'); END $$");

    runsAsIfNothingWereSet(
        hostile.environment(),
        PLAN
            + """
              { name = index, kind = ddl, creates = made_index
                statement = "CREATE INDEX CONCURRENTLY made_index ON people (of_concurrently(id))" }
            ]""");

    assertEachAsked();
    assertThat(
            hostile
                .database()
                .count(
                    "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = 'made_index'::regclass"))
        .isOne();
  }

  @Test
  void optionsInTheUrlUndoNone() throws Exception {
    runsAsIfNothingWereSet(
        hostile.environment(
            hostile.database().url()
                + "?options=-c%20TimeZone=Asia/Tokyo%20-c%20IntervalStyle=iso_8601%20-c%20bytea_output=escape"),
        PLAN + "]");
    assertEachAsked();
  }

  @Test
  void behindAPoolerEachTransactionHasThemAndNoSessionKeepsAny() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(hostile.database().url(), 8)) {
      Map<String, String> environment = hostile.environment(pooler.url(hostile.database().url()));
      runsAsIfNothingWereSet(environment, PLAN + "]");

      assertThat(pooler.leftInTransaction()).isZero();
      assertThat(setInSessions(environment, 8)).isEmpty();
    }
    assertEachAsked();
  }

  /** Of as many sessions of the pooler: in one transaction each, or one would be asked twice. */
  private static List<String> setInSessions(Map<String, String> environment, int sessions)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", environment.get("BACKFILL_USER"));
    properties.setProperty("password", environment.get("BACKFILL_PASSWORD"));
    properties.setProperty("assumeMinServerVersion", "14");
    List<Connection> open = new ArrayList<>();
    List<String> set = new ArrayList<>();
    try {
      for (int i = 0; i < sessions; i++) {
        Connection connection =
            DriverManager.getConnection(environment.get("BACKFILL_URL"), properties);
        open.add(connection);
        connection.setAutoCommit(false);
        try (var row =
            connection
                .createStatement()
                .executeQuery(
                    "SELECT name OPERATOR(pg_catalog.||) ' = ' OPERATOR(pg_catalog.||) setting"
                        + " FROM pg_catalog.pg_settings WHERE source OPERATOR(pg_catalog.~) '^session$'"
                        // These are of the transaction that asks.
                        + " AND name OPERATOR(pg_catalog.!~) '^transaction_(isolation|read_only|deferrable)$'")) {
          while (row.next()) {
            set.add(row.getString(1));
          }
        }
      }
    } finally {
      for (Connection connection : open) {
        connection.close();
      }
    }
    return set;
  }

  @Test
  void whatIsBrokenOffBehindAPoolerIsNotSent() throws Exception {
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(hostile.database().url(), 4)) {
      TestingRun run =
          run(
              hostile.environment(pooler.url(hostile.database().url())),
              """
              name = index
              steps = [{ name = index, kind = ddl, creates = made_index
                         statement = "CREATE INDEX CONCURRENTLY made_index ON people (level) WHERE level <> 3" }]
              """,
              "run");

      assertThat(run.code()).isEqualTo(6);
      assertThat(run.report().path("error").path("message").asText())
          .contains(
              "(CREATE INDEX CONCURRENTLY made_index ON people (level) WHERE level <> 3)",
              "behind a pooler: statement_timeout is 10min, not 0, lock_timeout is 10min, not 0",
              "name the server itself in BACKFILL_URL for this step")
          .doesNotContain("TimeZone");
      assertThat(
              hostile
                  .database()
                  .count("SELECT count(*) FROM pg_class WHERE relname = 'made_index'"))
          .isZero();
    }
  }

  @Test
  void aSessionThatIsNotOursIsFoundOut() {
    assertThatThrownBy(
            () -> {
              try (Connection theirs =
                  DriverManager.getConnection(
                      hostile.database().url(),
                      hostile.environment().get("BACKFILL_USER"),
                      "hostile")) {
                theirs.createStatement().execute("SELECT of_source()");
              }
            })
        .hasMessageContaining(
            "of_source has not our settings: TimeZone is America/New_York, timezone_abb")
        .hasMessageContaining("xmloption is document");
  }
}
