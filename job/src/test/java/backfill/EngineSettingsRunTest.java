package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.sql.internal.SQLConf$;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in a Spark with other defaults than the launcher's: they write what they always write. */
class EngineSettingsRunTest {
  @TempDir Path directory;

  @Test
  void idThatDoesNotFitGivesNoAccessThoughAnsiIsSwitchedOffOutside() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE src (project_id bigint, user_id bigint)",
          "INSERT INTO src VALUES (1, 4294967301), (1, 6)",
          "CREATE TABLE project_users (project_id int, user_id int, PRIMARY KEY (project_id, user_id))");
      Path plan =
          plan(
              """
              name = ansi
              sources.src = src
              views.g = "SELECT CAST(project_id AS INT) AS project_id, CAST(user_id AS INT) AS user_id FROM src"
              steps = [{ name = p, kind = pairs, direct = [{ from = g, object = project_id, user = user_id }]
                         into = { table = project_users, object = project_id, user = user_id } }]
              """);

      TestingRun run =
          with(
              Map.of(
                  "spark.sql.ansi.enabled", "false", "spark.sql.storeAssignmentPolicy", "LEGACY"),
              () -> TestingRun.of(database.environment(), "run", plan.toString()));

      assertThat(run.code()).as(run.said()).isNotZero();
      assertThat(database.rows("SELECT * FROM project_users")).isEmpty();
      assertThat(run.report().path("warnings").toString())
          .contains(
              "Spark's setting spark.sql.ansi.enabled = false comes from outside, and the job's session has true instead")
          .contains("spark.sql.storeAssignmentPolicy = LEGACY comes from outside");
      assertThat(run.said()).containsOnlyOnce("spark.sql.ansi.enabled = false");
    }
  }

  /** A product that needs more than 38 digits with both fractions was rounded to fewer of them. */
  @Test
  void productIsExactOrAnError() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE src (id int PRIMARY KEY, a numeric(38,18), b numeric(20,10))",
          "INSERT INTO src VALUES (1, 0.000000000000000003, 0.5)",
          "CREATE TABLE dst (id int PRIMARY KEY, c numeric)");
      Path plan =
          plan(
              """
              name = product
              sources.src = src
              steps = [{ name = s, kind = rows, mode = upsert, query = "SELECT id, a * b AS c FROM src"
                         into = { table = dst, key = [id] } }]
              """);

      TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());

      if (run.code() == 0) {
        assertThat(database.count("SELECT count(*) FROM dst JOIN src USING (id) WHERE c = a * b"))
            .isOne();
      }
      database.execute("UPDATE src SET a = 12345678901234567890");
      assertThat(TestingRun.of(database.environment(), "run", plan.toString()).code()).isNotZero();
    }
  }

  /** A query that other settings would give other values, or none; and the grants of DefectDojo. */
  @Test
  void settingsDrawnAtRandomChangeNothing() throws Exception {
    long seed = TestingRandomGrants.anySeed();
    Random random = new Random(seed);
    List<String> keys =
        SQLConf$.MODULE$.getConfigEntries().stream()
            .filter(entry -> entry.defaultValueString().matches("true|false"))
            .map(ConfigEntry::key)
            .filter(key -> !SQLConf$.MODULE$.isStaticConfigKey(key))
            .filter(key -> key.matches("spark[.]sql[.](?!adaptive|codegen|streaming|artifact).*"))
            .sorted()
            .toList();
    try (TestingDojo there = TestingDojo.create()) {
      TestingRandomGrants.fill(there.connection, seed);
      there.database.execute(
          "CREATE TABLE src (id int PRIMARY KEY, t text, n numeric(20,10), z timestamptz)",
          "INSERT INTO src VALUES (1, 'a''b', 1.5, '2026-07-01 12:00+00'), (2, NULL, 2.25, NULL), (3, 'É1', 3, 'epoch')",
          "CREATE TABLE dst (id int PRIMARY KEY, a text, b text, c numeric, d text, e timestamptz, f int)");
      Path plan =
          plan(
              """
              name = sensitive
              sources.src = src
              steps = [{ name = s, kind = rows, mode = upsert, into = { table = dst, key = [id] }
                query = \"""
                  SELECT id, concat_ws(',', split(t, ''), "x'y") AS a, lower(t) || CAST(n AS STRING) AS b,
                    n * n / 3 AS c, array_join(array_insert(array('p', 'q'), -1, to_json(struct(t, z))), '-') AS d,
                    CASE WHEN z IS NULL THEN TIMESTAMP '2026-07-01 14:00:00' ELSE z END AS e,
                    count(*) + coalesce(size(split(max(t), 'b')), 7) AS f
                  FROM src GROUP BY 1, 2, 3, 4, 5, 6\""" }]
              """);
      TestingRun first = TestingRun.of(there.database.environment(), "run", plan.toString());
      assertThat(first.code()).as(first.said()).isZero();
      assertThat(first.counts("s", "inserted")).containsExactly(3L);

      for (int draw = 0; draw < 3; draw++) {
        Map<String, String> outside = new TreeMap<>();
        for (String key : keys) {
          if (random.nextInt(3) == 0) {
            outside.put(key, String.valueOf(random.nextBoolean()));
          }
        }
        outside.put("spark.sql.session.timeZone", draw == 1 ? "Asia/Tokyo" : "America/Lima");
        String which = "backfill.seed=%s, draw %s: %s".formatted(seed, draw, outside);

        TestingRun again =
            with(
                outside, () -> TestingRun.of(there.database.environment(), "run", plan.toString()));
        assertThat(again.code()).as(which + again.said()).isZero();
        assertThat(again.counts("s", "inserted", "updated", "unchanged"))
            .as(which)
            .containsExactly(0L, 0L, 3L);

        TestingAccess justified =
            TestingAccess.justified(there.connection).and(TestingAccess.present(there.connection));
        TestingRun dojo = with(outside, () -> there.run("run"));
        assertThat(dojo.code()).as(which + dojo.said()).isZero();
        assertThat(TestingAccess.present(there.connection)).as(which).isEqualTo(justified);
        there.database.execute(
            "DELETE FROM dojo_product_authorized_users WHERE id % 3 = 0",
            "UPDATE auth_user SET is_staff = NOT is_staff WHERE id % 3 = 0");
      }
    }
  }

  private Path plan(String text) throws Exception {
    return Files.writeString(directory.resolve("plan.conf"), text);
  }

  /** Does something while Spark's context has these settings, as if it had been started so. */
  private static TestingRun with(Map<String, String> settings, Supplier<TestingRun> work) {
    SparkConf conf = TestingSpark.session().sparkContext().conf();
    settings.forEach(conf::set);
    try {
      return work.get();
    } finally {
      settings.keySet().forEach(conf::remove);
    }
  }
}
