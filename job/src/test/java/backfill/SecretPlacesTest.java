package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSecretSearch;
import backfill.testing.TestingSpark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A password is in nothing that a command prints, that the driver logs at any level, that a failure
 * to connect says, or that Spark tells its listeners.
 */
class SecretPlacesTest {
  private static final String MARKER = "Zq7xV";

  private static final String ROLE = "role_" + UUID.randomUUID().toString().replace("-", "");

  @TempDir static Path directory;
  private static TestingDatabase database;
  private static Path plan;
  private static Map<String, String> environment;

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE ROLE " + ROLE + " SUPERUSER LOGIN PASSWORD '" + MARKER + "'",
        "CREATE TABLE member (team bigint, person bigint)",
        "INSERT INTO member SELECT n % 5, n FROM generate_series(1, 50) n",
        "CREATE INDEX ON member (person)",
        "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))",
        "CREATE TABLE people (id bigint PRIMARY KEY, teams bigint)");
    plan = directory.resolve("quiet.conf");
    Files.writeString(
        plan,
        """
        name = quiet
        databases.other.env = BACKFILL_OTHER
        sources {
          member = member
          known  = { table = member, database = other, keyed-by { person = [member.person] } }
        }
        steps = [
          { name = pairs, kind = pairs, direct = [{ from = member, object = team, user = person }]
            into = { table = sees, object = team, user = person } }
          { name = rows, kind = rows, mode = upsert, into = { table = people, key = [id] }
            query = \"""SELECT m.person AS id, count(*) AS teams FROM member m JOIN known k USING (person)
                       GROUP BY m.person\""" }
        ]
        """);
    environment = new HashMap<>();
    for (String prefix : List.of("BACKFILL", "BACKFILL_OTHER")) {
      environment.put(prefix + "_URL", database.url());
      environment.put(prefix + "_READ_URL", database.url());
      environment.put(prefix + "_USER", ROLE);
      environment.put(prefix + "_PASSWORD", MARKER);
    }
  }

  @AfterAll
  static void drop() throws SQLException {
    database.execute("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    database.close();
  }

  /** In this JVM: what each command prints, and each failure to connect. */
  @Test
  void noCommandPrintsIt() throws Exception {
    TestingSecretSearch search = new TestingSecretSearch(MARKER);
    Map<String, String> gone = new HashMap<>(environment);
    gone.put("BACKFILL_URL", "jdbc:postgresql://localhost:1/d");
    gone.put("BACKFILL_OTHER_URL", "jdbc:postgresql://no.such.host.invalid/d");
    Map<String, String> asFile = new HashMap<>(environment);
    asFile.remove("BACKFILL_PASSWORD");
    asFile.put("BACKFILL_PASSWORD_FILE", MARKER);
    AutoCloseable listening = search.driver();
    try {
      for (String[] words :
          List.of(
              new String[] {"check", plan.toString(), "--sql"},
              new String[] {"check", plan.toString(), "--grants"},
              new String[] {"run", plan.toString()},
              new String[] {"explain", plan.toString(), "--object", "1", "--user", "1"},
              new String[] {"verify", plan.toString()})) {
        for (Map<String, String> each : List.of(environment, gone, asFile)) {
          TestingRun run = TestingRun.of(each, words);
          search.text(String.join(" ", words), run.toString());
          assertThat(run.code())
              .as(run.said())
              .isEqualTo(each == environment ? 0 : each == gone ? 3 : 2);
        }
      }
      for (String[] words :
          List.of(new String[] {"status"}, new String[] {"undo", lastRun(), "--json"})) {
        TestingRun run = TestingRun.bare(environment, words);
        search.text(Stream.of(words).findFirst().orElseThrow(), run.toString());
        assertThat(run.code()).as(run.said()).isZero();
      }
    } finally {
      listening.close();
    }
    assertThat(search.found()).isEmpty();
  }

  /** Who uses the sink alone gives it as an option. */
  @Test
  void noPlanOfTheSinkAloneShowsIt() throws Exception {
    TestingSecretSearch search = new TestingSecretSearch(MARKER);
    SparkSession spark = TestingSpark.session();
    SparkListener events =
        new SparkListener() {
          @Override
          public void onOtherEvent(SparkListenerEvent event) {
            search.text("an event", event.toString());
          }

          @Override
          public void onJobStart(SparkListenerJobStart event) {
            search.text("a job", event + " " + event.properties());
          }
        };
    spark.sparkContext().addSparkListener(events);
    try {
      for (String url : List.of(database.url(), "jdbc:postgresql://localhost:1/d")) {
        try {
          spark
              .range(1, 3)
              .selectExpr("id", "id AS teams")
              .write()
              .format("backfill")
              .mode("append")
              .options(Map.of("url", url, "user", ROLE, "password", MARKER, "dbtable", "people"))
              .save();
        } catch (Exception e) {
          search.text("a failure", stackTrace(e));
          assertThat(url).isNotEqualTo(database.url());
        }
      }
    } finally {
      spark.sparkContext().listenerBus().waitUntilEmpty();
      spark.sparkContext().removeSparkListener(events);
    }
    assertThat(search.found()).isEmpty();
  }

  private static String stackTrace(Exception failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static String lastRun() throws SQLException {
    return database
        .rows("SELECT run_id::text FROM backfill.run ORDER BY started_at DESC LIMIT 1")
        .get(0)
        .get(0)
        .toString();
  }
}
