package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDefectDojo;
import backfill.testing.TestingJvm;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import backfill.testing.TestingSettingsDraw;
import backfill.testing.TestingSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same run gives the same tables, whatever the settings of the role, of the database, of Spark
 * and of the machine. {@code -Dbackfill.draws=200} draws so often; {@code -Dbackfill.seed} begins
 * with that draw.
 */
class SettingsDrawTest {
  private static final int DRAWS = Integer.getInteger("backfill.draws", 6);

  /** A machine of its own takes a process, and longer. */
  private static final int DRAWS_OF_A_MACHINE = 20;

  private static final String PLAN =
      """
      name = drawn
      allow-delete = true
      limits.surplus-percent = 100
      params { since = "2026-03-29 01:30", zone_of = "10:00+02" }
      sources {
        product_member = dojo_product_member
        product_group  = dojo_product_group
        group_member   = dojo_dojo_group_member
        events         = events
        late { table = events, where = "at >= :since AND plain > '03/29/2026'::text::timestamp - '1 day'::interval OR v::text LIKE '$%'" }
      }
      steps = [
        { name = users, kind = pairs, surplus = delete
          direct  = [{ from = product_member, object = product_id, user = user_id }]
          through = [{ from = product_group, object = product_id, group = group_id }]
          members = [{ from = group_member, group = group_id, user = user_id }]
          into    = { table = dojo_product_authorized_users, object = product_id, user = dojo_user_id } }
        { name = copied, kind = rows, mode = upsert
          query = "SELECT id, at, plain, day, span, f, r, n, b, t, j, tz, ts, a FROM events"
          into  = { table = copies, key = [id] } }
        { name = computed, kind = rows, mode = upsert, surplus = report
          query = \"""
            SELECT id, date_trunc('day', at) AS at, CAST(at AS DATE) AS day, hour(at) AS h, n * 2 AS n,
                   CAST(at AS STRING) AS t, upper(t) AS u, f / 3 AS f, :now > at AS past,
                   at > TIMESTAMP '2026-03-29 01:30:00' AS late
            FROM late WHERE at IS NOT NULL AND at < TIMESTAMP '9999-01-01 00:00:00'\"""
          into  = { table = computed, key = [id] } }
        { name = filled, kind = batches, table = events
          where = "filled IS NULL AND at < '2100-01-01 00:00'"
          set   = {
            filled = \"""concat_ws('|', date_trunc('hour', at), at::date, plain, span, f, r, b, v, x, ARRAY[t, NULL], lower(t),
                      '{a,NULL}'::text[], to_char(n, '9D9G9'), to_tsvector(t), '01/02/2026'::text::date, t = NULL,
                      quote_ident(t), at::time, (:zone_of)::timetz, to_char(at, 'TMMonth TZ'), '10:00 IST'::text::timetz, t::text::xml)\"""
            day = "at::date" } } ]
      """;

  @TempDir Path directory;
  private TestingDatabase template;
  private Path plan;
  private long seed;

  @BeforeEach
  void create() throws Exception {
    seed = TestingRandomGrants.anySeed();
    plan = Files.writeString(directory.resolve("drawn.conf"), PLAN);
    template = TestingPostgres.shared().createDatabase();
    try (Connection connection = template.connection()) {
      TestingDefectDojo.create(connection);
      TestingRandomGrants.fill(connection, seed);
    }
    template.execute(
        """
        CREATE SCHEMA decoy;
        CREATE FUNCTION decoy.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'decoy' $$;
        CREATE FUNCTION decoy.date_trunc(text, timestamptz) RETURNS timestamptz LANGUAGE sql AS $$ SELECT NULL::timestamptz $$;
        CREATE FUNCTION decoy.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '1999-01-01'::timestamptz $$;
        CREATE TABLE events (id integer PRIMARY KEY, at timestamptz, plain timestamp, day date, span interval, f float8,
          r real, n numeric, b bytea, t text, j jsonb, v money, x xml, tz timetz, ts tsvector, a text[], filled text);
        INSERT INTO events
          SELECT i, '2026-03-29 00:00+00'::timestamptz + i * '17 min'::interval, '2026-03-29 00:00'::timestamp + i * '17 min'::interval,
                 '2026-03-20'::date + i, i * '-1 day 03:04:05.6'::interval, i / 7.0, i / 7.0, i / 8.0,
                 decode(md5(i::text), 'hex'), CASE i % 4 WHEN 0 THEN 'a''b' WHEN 1 THEN 'İI ı' WHEN 2 THEN 'Straße\\n' END,
                 jsonb_build_object('i', i / 3.0), i::money / 7, '<a/>', '10:00+02:30', to_tsvector('simple', 'The dogs'),
                 ARRAY['NULL', NULL, i::text]
          FROM generate_series(1, 40) i;
        INSERT INTO events (id, at, plain, day) VALUES (41, 'infinity', '-infinity', 'infinity'), (42, NULL, NULL, NULL);
        CREATE TABLE copies (LIKE events INCLUDING ALL);
        INSERT INTO copies SELECT * FROM events WHERE id % 2 = 0;
        UPDATE copies SET f = 0, at = now() WHERE id % 4 = 0;
        CREATE TABLE computed (id integer PRIMARY KEY, at timestamptz, day date, h integer, n numeric, t text, u text, f float8,
          past boolean, late boolean);
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    template.close();
  }

  private static List<List<Object>> tables(TestingDatabase database) throws SQLException {
    List<List<Object>> tables = new ArrayList<>();
    for (String table : List.of("events", "copies", "computed")) {
      tables.addAll(
          database.rows("SELECT '%1$s', t::text FROM %1$s t ORDER BY id".formatted(table)));
    }
    tables.addAll(
        database.rows(
            "SELECT product_id, dojo_user_id FROM dojo_product_authorized_users ORDER BY 1, 2"));
    return tables;
  }

  @Test
  void tablesAreTheSameWhateverTheSettings() throws Exception {
    List<List<Object>> expected;
    try (TestingDatabase plain = TestingPostgres.shared().copy(template)) {
      TestingRun run = TestingRun.of(plain.environment(), "run", plan.toString());
      assertThat(run.code()).as("backfill.seed=" + seed + "\n" + run.said()).isZero();
      expected = tables(plain);
    }
    for (int i = 0; i < DRAWS; i++) {
      long drawn = seed + i;
      System.out.println("SettingsDrawTest: draw " + i + ", backfill.seed=" + drawn);
      compare(new TestingSettingsDraw(new Random(drawn)), i, drawn, expected);
    }
  }

  private void compare(
      TestingSettingsDraw draw, int number, long drawn, List<List<Object>> expected)
      throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().copy(template);
        TestingRole role = TestingRole.superuser(database)) {
      Map<String, String> environment = new HashMap<>(role.environment());
      Map<String, String> ofSpark = draw.ofSpark();
      List<String> which = new ArrayList<>(List.of("backfill.seed=" + drawn));
      which.addAll(
          TestingSettingsDraw.alter(template, "ROLE " + role.name, draw.ofServer(template)));
      which.addAll(
          TestingSettingsDraw.alter(
              template, "DATABASE " + database.name(), draw.ofServer(template)));
      which.add(ofSpark.toString());
      String said;
      int code;
      if (number % DRAWS_OF_A_MACHINE == DRAWS_OF_A_MACHINE - 1) {
        environment.putAll(draw.ofMachine());
        List<String> jvm = draw.ofJvm();
        which.add(environment.toString());
        which.addAll(jvm);
        TestingRun run = run(environment, jvm, ofSpark);
        said = run.said();
        code = run.code();
      } else {
        SparkConf conf = TestingSpark.session().sparkContext().conf();
        AutoCloseable given = TestingSettingsDraw.given(conf, ofSpark);
        try {
          TestingRun run = TestingRun.of(environment, "run", plan.toString());
          said = run.said();
          code = run.code();
        } finally {
          given.close();
        }
      }
      template.execute("ALTER DATABASE %s RESET ALL".formatted(database.name()));
      assertThat(code).as(which + "\n" + said).isZero();
      assertThat(tables(database)).as(which.toString()).isEqualTo(expected);
    }
  }

  private TestingRun run(
      Map<String, String> environment, List<String> jvm, Map<String, String> ofSpark)
      throws Exception {
    List<String> options = new ArrayList<>(jvm);
    options.add("-Dspark.master=local[2]");
    ofSpark.forEach((key, value) -> options.add("-D" + key + "=" + value));
    List<String> command = TestingJvm.words(options.toArray(String[]::new));
    command.add("backfill.Main");
    command.addAll(List.of(TestingRun.words(plan.toString())));
    try (TestingProcess process = TestingProcess.start(command, environment)) {
      return process.end();
    }
  }
}
