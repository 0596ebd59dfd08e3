package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One run of every kind of write, while others insert, change and delete what it has read: all that
 * is said of it, wherever, is what triggers saw in the tables.
 */
class ChurnedCountsTest {
  private static final String TABLES =
      """
      CREATE TABLE person (id int PRIMARY KEY);
      INSERT INTO person SELECT generate_series(1, 9);
      CREATE TABLE member (o int, u int);
      INSERT INTO member VALUES (1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 5), (3, 6);
      CREATE TABLE acc (o int, u int REFERENCES person, PRIMARY KEY (o, u));
      INSERT INTO acc VALUES (1, 1), (8, 1), (8, 2), (8, 3);
      CREATE TABLE pinned (o int, u int, FOREIGN KEY (o, u) REFERENCES acc);
      INSERT INTO pinned VALUES (8, 3);
      CREATE TABLE tail (o int, u int, FOREIGN KEY (o, u) REFERENCES acc ON DELETE CASCADE);
      INSERT INTO tail VALUES (8, 1), (8, 1), (1, 1);
      CREATE TABLE want (id int, level int, note text);
      INSERT INTO want VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd'), (5, 50, 'e'), (6, 600, 'f'),
        (7, 700, 'g'), (NULL, 1, 'h');
      CREATE TABLE ups (id int PRIMARY KEY, level int CHECK (level < 100), note text);
      INSERT INTO ups VALUES (1, 10, 'a'), (2, 21, 'b'), (3, 31, 'x'), (7, 7, 'g'), (20, 1, 's'), (21, 1, 's');
      CREATE TABLE upd (id int PRIMARY KEY, level int, note text);
      INSERT INTO upd VALUES (1, 10, 'a'), (2, 21, 'b'), (3, 31, 'x'), (4, 41, 'd');
      CREATE TABLE ins (id int PRIMARY KEY, level int);
      INSERT INTO ins VALUES (1, 0);
      CREATE TABLE todo (id int PRIMARY KEY, state text);
      INSERT INTO todo SELECT generate_series(1, 10);
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;
      CREATE TRIGGER slow BEFORE UPDATE ON todo FOR EACH STATEMENT EXECUTE FUNCTION slow();
      CREATE TABLE done (name text, event text, before jsonb, after jsonb);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('application_name') LIKE 'backfill %' THEN
          INSERT INTO done VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
        END IF;
        RETURN NULL; END $$;
      DO $$ DECLARE name text; BEGIN
        FOREACH name IN ARRAY '{acc,tail,ups,upd,ins,todo}'::text[] LOOP
          EXECUTE format('CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION note()',
                         name);
        END LOOP; END $$""";

  private static final String PLAN =
      """
      name = churned
      allow-delete = true
      limits { rejected-rows = 100, surplus-percent = none }
      sources { member = member, want = want }
      views.keyed = "SELECT * FROM want WHERE id IS NOT NULL"
      steps = [
        { name = acc, kind = pairs, direct = [{ from = member, object = o, user = u }], surplus = delete
          into = { table = acc, object = o, user = u } }
        { name = ups, kind = rows, mode = upsert, query = "SELECT * FROM want", surplus = delete
          into = { table = ups, key = [id] } }
        { name = upd, kind = rows, mode = update, query = "SELECT * FROM keyed", into = { table = upd, key = [id] } }
        { name = ins, kind = rows, mode = insert-missing, query = "SELECT id, level FROM keyed"
          into = { table = ins, key = [id] } }
        { name = todo, kind = batches, table = todo, where = "state IS NULL", set = { state = "'x'" } }
      ]
      """;

  /** What others do between the diff and the first write. */
  private static final String[] CHURN = {
    "INSERT INTO acc VALUES (1, 2)",
    "DELETE FROM acc WHERE o = 8 AND u = 2",
    "DELETE FROM person WHERE id = 5",
    "DELETE FROM member WHERE o = 1 AND u = 3",
    "INSERT INTO member VALUES (2, 2)",
    "UPDATE ups SET level = 99 WHERE id IN (3, 21)",
    "INSERT INTO ups VALUES (5, 1, 'z')",
    "UPDATE upd SET note = 'mine' WHERE id = 3",
    "DELETE FROM upd WHERE id = 4",
    "INSERT INTO ins VALUES (2, 2)"
  };

  @TempDir static Path directory;
  private static TestingDatabase database;
  private static TestingRun run;
  private static TestingRun status;
  private static final Metrics METRICS = new Metrics();

  /** Rows that tasks say they wrote, by the description of their job. */
  private static final class Metrics extends SparkListener {
    private final Map<Integer, String> stages = new ConcurrentHashMap<>();
    private final Map<String, Long> written = new ConcurrentHashMap<>();

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted stage) {
      stages.put(
          stage.stageInfo().stageId(),
          String.valueOf(stage.properties().getProperty("spark.job.description")));
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      written.merge(
          stages.get(end.stageId()), end.taskMetrics().outputMetrics().recordsWritten(), Long::sum);
    }
  }

  @BeforeAll
  static void run() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(TABLES);
    String plan = Files.writeString(directory.resolve("churned.conf"), PLAN).toString();
    var context = TestingSpark.session().sparkContext();
    context.addSparkListener(METRICS);
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            database,
            "acc",
            options -> {
              String[] words = Arrays.copyOf(new String[] {"run", plan}, 2 + options.length);
              System.arraycopy(options, 0, words, 2, options.length);
              return TestingRun.of(database.environment(), words);
            })) {
      run = held.meanwhile(CHURN).release();
      context.listenerBus().waitUntilEmpty();
    } finally {
      context.removeSparkListener(METRICS);
    }
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    status = TestingRun.of(database.environment(), "status", plan);
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  /** Rows of a table that the run inserted, updated or deleted, as the triggers saw it. */
  private static long done(String table, String event) throws Exception {
    return database.count(
        "SELECT count(*) FROM done WHERE name = '" + table + "' AND event = '" + event + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "acc, inserted, INSERT, 4",
    "acc, deleted, DELETE, 1",
    "ups, inserted, INSERT, 1",
    "ups, updated, UPDATE, 1",
    "ups, deleted, DELETE, 1",
    "upd, updated, UPDATE, 1",
    "ins, inserted, INSERT, 5",
    "todo, updated, UPDATE, 10"
  })
  void reportHasWhatTriggersSaw(String step, String key, String event, long expected)
      throws Exception {
    assertThat(run.counts(step, key)).containsExactly(expected);
    assertThat(done(step, event)).isEqualTo(expected);
  }

  @Test
  void reportHasAllThatBecameOfPlannedRows() {
    String[] ofInserts = {"planned", "alreadyPresent", "conflicts", "rejected"};
    assertThat(run.counts("acc", ofInserts)).containsExactly(7L, 2L, 1L, 1L);
    assertThat(run.counts("ups", ofInserts)).containsExactly(8L, 5L, 1L, 3L);
    assertThat(run.counts("upd", ofInserts)).containsExactly(7L, 4L, null, 0L);
    assertThat(run.counts("ins", ofInserts)).containsExactly(7L, 2L, 1L, 0L);
    String[] ofSets = {"unchanged", "absent", "changedMeanwhile"};
    assertThat(run.counts("acc", ofSets)).containsExactly(null, null, null);
    assertThat(run.counts("ups", ofSets)).containsExactly(1L, null, 2L);
    assertThat(run.counts("upd", ofSets)).containsExactly(1L, 3L, 2L);
    String[] ofSurplus = {"surplus", "toDelete", "stayed"};
    assertThat(run.counts("acc", ofSurplus)).containsExactly(3L, 3L, 2L);
    assertThat(run.counts("ups", ofSurplus)).containsExactly(2L, 2L, 1L);
    assertThat(run.step("acc").path("cascaded").toString()).isEqualTo("{\"tail\":2}");
    String[] verified = {"missing", "addedMeanwhile", "revokedMeanwhile"};
    assertThat(run.counts("acc", verified)).containsExactly(0L, 1L, 1L);
    for (String step : List.of("ups", "upd", "ins")) {
      assertThat(run.counts(step, "missing")).as(step).containsExactly(0L);
    }
  }

  @Test
  void readCountsAreTheTablesOfTheSnapshot() {
    assertThat(run.step("acc").path("read").toString()).isEqualTo("{\"member\":7}");
    assertThat(run.step("ups").path("read").toString()).isEqualTo("{\"want\":8}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ups", "upd"})
  void changesAreOfTheColumnsThatWereSet(String step) throws Exception {
    JsonNode changes = run.step(step).path("changes");
    for (String column : List.of("level", "note")) {
      assertThat(changes.path(column).asLong(-1))
          .as(column)
          .isEqualTo(
              database.count(
                  "SELECT count(*) FROM done WHERE name = '%s' AND event = 'UPDATE' AND before -> '%s' <> after -> '%s'"
                      .formatted(step, column, column)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diff acc: 7 planned, 1 there already, 6 to insert, 3 surplus, 3 of them to delete",
        "diff ups: 8 planned, 4 there already, 3 to insert, 1 right already, 3 to set, 2 surplus, 2 of them to delete, 1"
            + " that cannot be written (level in 3, note in 1)",
        "diff upd: 7 planned, 4 there already, 1 right already, 3 absent, 3 to set (level in 3, note in 1)",
        "diff ins: 7 planned, 1 there already, 6 to insert",
        "write acc: 4 inserted, 1 written by somebody else first, 1 deleted, 2 of tail along with them, 1 left as"
            + " somebody else made them, 1 that could not be deleted, 1 rejected in ",
        "write acc: 1 rejected, 1 that could not be deleted, 1 of them for a parent gone meanwhile; the first: ",
        "write ups: 1 inserted, 1 written by somebody else first, 1 set, 1 changed by somebody else meanwhile, 1"
            + " deleted, 1 left as somebody else made them, 3 rejected (level in 1, note in 0) in ",
        "write upd: 1 set, 2 changed by somebody else meanwhile (level in 1, note in 0) in ",
        "write ins: 5 inserted, 1 written by somebody else first in ",
        "write todo: 10 set, 0 changed by somebody else meanwhile in ",
        "verify acc: 0 missing, 1 added meanwhile, 1 revoked meanwhile"
      })
  void logSaysTheSame(String line) {
    assertThat(run.err()).as(run.said()).anyMatch(said -> said.contains(" " + line));
  }

  @Test
  void batchesTakeTheirTime() {
    String line =
        run.err().stream()
            .filter(said -> said.contains(" write todo: 10 set, "))
            .findFirst()
            .orElseThrow();
    assertThat(Double.parseDouble(line.replaceAll(".* in ([0-9.]+) s", "$1"))).isBetween(0.3, 60.0);
  }

  @ParameterizedTest
  @CsvSource({
    "acc, '7 1 4 1 1 1 3 0'",
    "ups, '8 4 1 1 1 2 3 2 0'",
    "upd, '7 4 1 2 0 0'",
    "ins, '7 1 5 1 0 0'",
    "todo, '10 10 0 0 0'"
  })
  void tableSaysTheSame(String step, String numbers) {
    String row =
        run.err().stream()
            .filter(line -> line.matches("  " + step + " +\\d.*"))
            .findFirst()
            .orElseThrow(() -> new AssertionError(run.said()));
    // The last two are statements and seconds.
    assertThat(row.strip().replaceFirst("^\\w+ +", "").replaceFirst(" +\\S+ +\\S+$", ""))
        .as(run.said())
        .matches(numbers.replace(" ", " +"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "planned",
        "alreadyPresent",
        "toInsert",
        "toUpdate",
        "toDelete",
        "inserted",
        "updated",
        "deleted",
        "rejected",
        "surplus",
        "missing"
      })
  void lastLineHasTheSums(String key) {
    long sum = 0;
    for (JsonNode step : run.report().path("steps")) {
      assertThat(step.has(key)).as(key).isTrue();
      sum += step.path(key).asLong();
    }
    assertThat(run.line().path(key).asLong(-1)).isEqualTo(sum);
  }

  @ParameterizedTest
  @CsvSource({
    "acc insert, 6, 4, 1, 1",
    "acc delete, 3, 1, 1, 1",
    "ups insert, 3, 1, 1, 1",
    "ups update, 3, 1, 1, 1",
    "ups delete, 2, 1, 1, 0",
    "upd, 3, 1, 2, 0",
    "ins, 6, 5, 1, 0",
    "todo, 10, 10, 0, 0"
  })
  void ledgerHasTheSame(String step, long rows, long changed, long kept, long rejected)
      throws Exception {
    assertThat(
            database.rows(
                "SELECT sum(rows)::int8, sum(changed)::int8, sum(kept)::int8, sum(rejected)::int8 FROM backfill.batch"
                    + " WHERE step = '"
                    + step
                    + "'"))
        .containsExactly(List.of(rows, changed, kept, rejected));
  }

  @Test
  void statusHasTheLedgersSumsAndARateOfThisWorld() throws Exception {
    JsonNode told = status.report().path("runs").get(0);

    assertThat(told.path("rows").asLong()).isEqualTo(36);
    assertThat(told.path("changed").asLong())
        .isEqualTo(24)
        .isEqualTo(database.count("SELECT count(*) FROM done WHERE name <> 'tail'"));
    assertThat(told.path("rejected").asLong()).isEqualTo(4);
    long millis = 0;
    for (JsonNode step : run.report().path("steps")) {
      millis += step.path("stages").path("write").asLong();
    }
    assertThat(told.path("rowsPerSecond").asDouble())
        .isBetween(36e3 / millis - 1, 36e3 / millis + 1);
  }

  @Test
  void metricsHaveWhatWritersWereGiven() {
    assertThat(METRICS.written.get("write acc")).isEqualTo(9);
    assertThat(METRICS.written.keySet()).noneMatch(Objects::isNull);
  }
}
