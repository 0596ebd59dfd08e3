package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which day it is decides the plan's zone, in conditions, in values that are set, and in queries:
 * never the machine, the role or the database.
 */
class TimeZoneTest {
  private static final String PLAN =
      """
      name = zones
      databases.ci.env = BACKFILL_CI
      %s
      params.day = "2026-03-01"
      sources {
        grants { table = grants, where = "expires_at::date > :day" }
        events = events
        told   { database = ci, table = told, where = "to_char(at, 'YYYY-MM-DD') > :day" }
      }
      steps = [
        { name = pairs, kind = pairs, direct = [{ from = grants, object = project, user = person }]
          into = { table = sees, object = project, user = person } }
        { name = days, kind = rows, mode = insert-missing
          query = "SELECT id, CAST(at AS date) AS day, hour(at) AS hour FROM events"
          into = { table = days, key = [id] } }
        { name = heard, kind = rows, mode = insert-missing, query = "SELECT id, at FROM told"
          into = { table = heard, key = [id] } }
        { name = marks, kind = batches, table = events, where = "day IS NULL"
          set = { day = "at::date", noon = "CAST(at::date || ' 12:00' AS timestamptz)" } }
      ]
      """;

  @TempDir Path directory;
  private final TimeZone machines = TimeZone.getDefault();
  private TestingDatabase database;
  private TestingDatabase ci;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    ci = TestingPostgres.shared().createDatabase();
    database.execute(
        // The 1st in UTC and New York, the 2nd in Berlin and Kolkata.
        "CREATE TABLE grants (project int, person int, expires_at timestamptz)",
        "INSERT INTO grants VALUES (1, 5, '2026-03-01 23:30+00')",
        "CREATE TABLE sees (project int, person int, PRIMARY KEY (project, person))",
        "CREATE TABLE events (id int PRIMARY KEY, at timestamptz NOT NULL, day date, noon timestamptz)",
        "INSERT INTO events VALUES (1, '2026-03-01 23:30+00')",
        "CREATE TABLE days (id int PRIMARY KEY, day date, hour int)",
        "CREATE TABLE heard (id int PRIMARY KEY, at timestamptz)",
        "ALTER DATABASE " + database.name() + " SET timezone = 'Asia/Kolkata'");
    ci.execute(
        "CREATE TABLE told (id int PRIMARY KEY, at timestamptz)",
        "INSERT INTO told VALUES (1, '2026-03-01 23:30+00')",
        "ALTER DATABASE " + ci.name() + " SET timezone = 'America/New_York'");
  }

  @AfterEach
  void drop() throws SQLException {
    TimeZone.setDefault(machines);
    database.close();
    ci.close();
  }

  private TestingRun run(String zone, String command) throws Exception {
    Path plan = directory.resolve("zones.conf");
    Files.writeString(plan, PLAN.formatted(zone));
    Map<String, String> environment = new HashMap<>(database.environment());
    ci.environment()
        .forEach((name, value) -> environment.put(name.replace("BACKFILL", "BACKFILL_CI"), value));
    return TestingRun.of(environment, command, plan.toString());
  }

  private void runsAt(String machine, String zone) throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone(machine));
    database.execute("TRUNCATE sees, days, heard", "UPDATE events SET day = NULL, noon = NULL");
    TestingRun run = run(zone, "run");
    assertThat(run.code()).as(run.said()).isZero();
    TimeZone.setDefault(machines);
  }

  private static final String AT =
      "SELECT day::text, (noon AT TIME ZONE 'UTC')::text, (SELECT day::text || ' ' || hour FROM days) FROM events";

  @Test
  void withoutAWordItIsUtcOnEachMachine() throws Exception {
    for (String machine : List.of("America/New_York", "Asia/Kolkata")) {
      runsAt(machine, "");

      assertThat(database.rows("SELECT * FROM sees")).as(machine).isEmpty();
      assertThat(database.rows("SELECT * FROM heard")).as(machine).isEmpty();
      assertThat(database.rows(AT))
          .as(machine)
          .containsExactly(List.of("2026-03-01", "2026-03-01 12:00:00", "2026-03-01 23"));
    }
  }

  @Test
  void thePlansZoneIsThatOfConditionsOfValuesAndOfQueriesInEachDatabase() throws Exception {
    runsAt("America/New_York", "time-zone = \"Europe/Berlin\"");

    assertThat(database.rows("SELECT * FROM sees")).containsExactly(List.of(1, 5));
    assertThat(database.rows("SELECT (at AT TIME ZONE 'UTC')::text FROM heard"))
        .containsExactly(List.of("2026-03-01 23:30:00"));
    assertThat(database.rows(AT))
        .containsExactly(List.of("2026-03-02", "2026-03-02 11:00:00", "2026-03-02 0"));
    assertThat(run("time-zone = \"Europe/Berlin\"", "verify").code()).isZero();
  }
}
