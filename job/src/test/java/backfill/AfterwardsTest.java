package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a table needs once a run has written it: its statistics anew, and a VACUUM. */
class AfterwardsTest {
  private static final String HELD = "\"public\".\"held\"";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE numbers AS SELECT n FROM generate_series(1, 1200) n",
        "CREATE TABLE sees (project int, person int, PRIMARY KEY (project, person)) WITH (autovacuum_enabled = off)",
        "CREATE TABLE held (id int PRIMARY KEY) WITH (autovacuum_enabled = off)");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(Map<String, String> environment, String command, String steps)
      throws Exception {
    Path plan = directory.resolve("plan.conf");
    Files.writeString(
        plan,
        "name = afterwards\nundo = on\nlock-timeout = 300 ms\nallow-delete = true\nsources.numbers = numbers\nsteps = [\n"
            + steps
            + "\n]");
    return TestingRun.of(environment, command, plan);
  }

  private static String rows(String name, String table, String where) {
    return "{ name = %s, kind = rows, mode = insert-missing, query = \"SELECT n AS id FROM numbers WHERE %s\", into = { table = %s, key = [id] } }\n"
        .formatted(name, where, table);
  }

  private static String pairs(String query) {
    return "{ name = sees, kind = pairs, direct = [{ from = numbers, object = n, user = n }], into = { table = sees, object = project, user = person }"
        + query
        + " }\n";
  }

  /** By the server, of a table and its partitions. */
  private List<List<Object>> analyzed() throws SQLException {
    return database.rows(
        "SELECT relname::text, reltuples::int FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            + " AND pg_stat_get_last_analyze_time(oid) IS NOT NULL ORDER BY 1");
  }

  @Test
  void whatGrewByMoreThanATenthIsAnalyzedOnceItIsWrittenForTheLastTime() throws Exception {
    database.execute(
        "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (1000)",
        "CREATE TABLE known (id int PRIMARY KEY) WITH (autovacuum_enabled = off)",
        "INSERT INTO known SELECT n FROM generate_series(1, 1000) n",
        "CREATE TABLE tenth (id int PRIMARY KEY) WITH (autovacuum_enabled = off)",
        "INSERT INTO tenth SELECT n FROM generate_series(1, 1000) n");
    String steps =
        pairs("")
            + rows("parts", "parts", "n < 300")
            + rows("known", "known", "n <= 1100")
            + rows("tenth", "tenth", "n <= 1100")
            + rows("locked", "held", "n < 300")
            + rows("more", "known", "n = 1101");
    TestingRun dry = run(database.environment(), "plan", steps);
    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(dry.step("sees").path("analyzed").isNull()).isTrue();
    TestingRun listed = run(database.environment(), "check", steps);
    assertThat(listed.code()).as(listed.said()).isZero();
    assertThat(analyzed()).isEmpty();

    TestingRun run;
    try (Connection other = database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE held IN SHARE UPDATE EXCLUSIVE MODE");
      run = run(database.environment(), "run", steps);
    }

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(said(run, "analyzed"))
        .isEqualTo(
            Map.of(
                "sees", "true", "parts", "true", "known", "null", "tenth", "null", "locked",
                "false", "more", "true"));
    assertThat(analyzed())
        .containsExactly(
            List.of("known", 1101),
            List.of("parts", 299),
            List.of("parts_high", 200),
            List.of("parts_low", 99),
            List.of("sees", 1200));
    assertThat(run.logged()).contains("afterwards: analyzed sees, which grew by more than a tenth");
    assertThat(run.warnings())
        .containsExactly(
            "afterwards: held grew by more than a tenth, and it was locked by another session for as long as lock-timeout"
                + " (300 ms); run ANALYZE "
                + HELD);

    TestingRun again = run(database.environment(), "run", steps);

    assertThat(again.code()).as(again.said()).isZero();
    assertThat(said(again, "analyzed").values()).containsOnly("null");
    assertThat(again.warnings()).isEmpty();
  }

  private static Map<String, String> said(TestingRun run, String key) {
    Map<String, String> said = new HashMap<>();
    for (JsonNode step : run.report().path("steps")) {
      said.put(step.path("name").asText(), step.path(key).asText());
    }
    return said;
  }

  @Test
  void aRoleThatMayNotIsToldWhatToRun() throws Exception {
    String role = "writer_" + UUID.randomUUID().toString().replace("-", "");
    database.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'",
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO " + role,
        "GRANT CREATE ON DATABASE " + database.name() + " TO " + role);
    boolean maintains =
        database.count("SELECT current_setting('server_version_num')::int") >= 170000;
    try {
      Map<String, String> environment = new HashMap<>(database.environment());
      environment.put("BACKFILL_USER", role);
      environment.put("BACKFILL_PASSWORD", "trusted");

      TestingRun run = run(environment, "run", rows("held", "held", "n < 300"));

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.step("held").path("analyzed").asText()).isEqualTo("false");
      assertThat(run.warnings())
          .contains(
              "afterwards: held grew by more than a tenth, and this role may not analyze it; its owner may: ANALYZE "
                  + HELD
                  + (maintains ? ", or GRANT MAINTAIN ON " + HELD + " TO \"" + role + "\"" : ""));
      if (maintains) {
        database.execute("GRANT MAINTAIN ON held TO " + role);
        TestingRun may = run(environment, "run", rows("held", "held", "n < 400"));
        assertThat(may.code()).as(may.said()).isZero();
        assertThat(may.step("held").path("analyzed").asText()).isEqualTo("true");
      }
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }

  @Test
  void deadRowsAreNamedWithTheVacuumThatIsDue() throws Exception {
    database.execute(
        "CREATE TABLE marked (id int PRIMARY KEY, mark int) WITH (autovacuum_enabled = off)",
        "INSERT INTO marked SELECT n, 0 FROM generate_series(1, 400) n",
        "CREATE TABLE along (id int REFERENCES marked ON DELETE CASCADE) WITH (autovacuum_vacuum_threshold = 20)",
        "INSERT INTO along SELECT n FROM generate_series(1, 300) n; CREATE INDEX ON along (id)",
        "CREATE TABLE calm (id int PRIMARY KEY, mark int)",
        "INSERT INTO calm SELECT n, 0 FROM generate_series(1, 200) n",
        "ANALYZE marked, along, calm");
    String steps =
        """
        { name = mark, kind = batches, table = marked, where = "mark = 0 AND id <= 110", set = { mark = "1" } }
        { name = gone, kind = batches, table = marked, where = "id > 210 AND id <= 310", delete = true }
        { name = calm, kind = batches, table = calm, where = "mark = 0 AND id <= 90", set = { mark = "1" } }
        """;

    TestingRun run = run(database.environment(), "run", steps);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(said(run, "deadRows"))
        .isEqualTo(Map.of("mark", "null", "gone", "210", "calm", "90"));
    assertThat(run.step("gone").path("vacuumDue").toString())
        .isEqualTo(
            "[\"VACUUM \\\"public\\\".\\\"marked\\\"\",\"VACUUM \\\"public\\\".\\\"along\\\"\"]");
    assertThat(run.step("calm").path("vacuumDue").toString()).isEqualTo("[]");
    assertThat(run.warnings())
        .containsExactly(
            "afterwards: about 210 rows left dead in marked, and autovacuum, which would come at 130, is off for it: run"
                + " VACUUM \"public\".\"marked\"");
    assertThat(run.logged())
        .contains(
            "afterwards: about 90 rows left dead in along; autovacuum comes for it at 80, and sooner helps VACUUM"
                + " \"public\".\"along\"");

    TestingRun undo = TestingRun.of(database.environment(), "undo", run.runId(), "--execute");

    assertThat(undo.warnings()).as(undo.said()).noneMatch(line -> line.contains("VACUUM"));
    String fill = pairs("");
    TestingRun added = run(database.environment(), "run", fill);
    assertThat(added.code()).as(added.said()).isZero();
    TestingRun back = TestingRun.of(database.environment(), "undo", added.runId(), "--execute");
    assertThat(back.warnings())
        .as(back.said())
        .containsExactly(
            "undo: about 1,200 rows left dead in sees, and autovacuum, which would come at 290, is off for it: run VACUUM"
                + " \"public\".\"sees\"");
  }
}
