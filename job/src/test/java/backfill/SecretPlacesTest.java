package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingRun;
import backfill.testing.TestingSecretPlan;
import backfill.testing.TestingSecretSearch;
import backfill.testing.TestingSpark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  @TempDir static Path directory;
  private static TestingSecretPlan secret;

  @BeforeAll
  static void create() throws Exception {
    secret = new TestingSecretPlan(directory);
  }

  @AfterAll
  static void drop() throws SQLException {
    secret.close();
  }

  /** In this JVM: what each command prints, and each failure to connect. */
  @Test
  void noCommandPrintsIt() throws Exception {
    TestingSecretSearch search = new TestingSecretSearch(TestingSecretPlan.PASSWORD);
    String plan = secret.plan.toString();
    Map<String, String> environment = secret.environment();
    Map<String, String> gone = new HashMap<>(environment);
    gone.put("BACKFILL_URL", "jdbc:postgresql://localhost:1/d");
    gone.put("BACKFILL_OTHER_URL", "jdbc:postgresql://no.such.host.invalid/d");
    Map<String, String> asFile = new HashMap<>(environment);
    asFile.remove("BACKFILL_PASSWORD");
    asFile.put("BACKFILL_PASSWORD_FILE", TestingSecretPlan.PASSWORD);
    AutoCloseable listening = search.driver();
    try {
      for (String[] words :
          List.of(
              new String[] {"check", plan, "--sql"},
              new String[] {"check", plan, "--grants"},
              new String[] {"run", plan},
              new String[] {"explain", plan, "--object", "1", "--user", "1"},
              new String[] {"verify", plan})) {
        for (Map<String, String> each : List.of(environment, gone, asFile)) {
          TestingRun run = TestingRun.of(each, words);
          search.text(String.join(" ", words), run.toString());
          assertThat(run.code())
              .as(run.said())
              .isEqualTo(each == environment ? 0 : each == gone ? 3 : 2);
        }
      }
      for (String words : List.of("pause", "pace 1000", "pace off", "unpause")) {
        String[] all = words.replaceFirst("( |$)", " " + plan + "$1").split(" ");
        TestingRun none = TestingRun.bare(environment, all);
        search.text(words, none.toString());
        assertThat(none.code()).as(none.said()).isEqualTo(3);
      }
      for (String[] words :
          List.of(new String[] {"status"}, new String[] {"undo", lastRun(), "--json"})) {
        TestingRun run = TestingRun.bare(environment, words);
        search.text(words[0], run.toString());
        assertThat(run.code()).as(run.said()).isZero();
      }
    } finally {
      listening.close();
    }
    assertThat(search.places()).contains("the driver's log");
    assertThat(search.found()).isEmpty();
  }

  /** Who uses the sink alone gives it as an option. */
  @Test
  void noPlanOfTheSinkAloneShowsIt() throws Exception {
    TestingSecretSearch search = new TestingSecretSearch(TestingSecretPlan.PASSWORD);
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
      sink(secret.database.url());
      assertThatThrownBy(() -> sink("jdbc:postgresql://localhost:1/d"))
          .satisfies(failure -> search.text("a failure", stackTrace(failure)));
    } finally {
      spark.sparkContext().listenerBus().waitUntilEmpty();
      spark.sparkContext().removeSparkListener(events);
    }
    assertThat(search.places()).contains("an event", "a job");
    assertThat(search.found()).isEmpty();
  }

  private static void sink(String url) {
    TestingSpark.session()
        .range(1, 3)
        .selectExpr("id", "id AS teams")
        .write()
        .format("backfill")
        .mode("append")
        .option("url", url)
        .option("user", secret.role)
        .option("password", TestingSecretPlan.PASSWORD)
        .option("dbtable", "people")
        .save();
  }

  private static String stackTrace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static String lastRun() throws SQLException {
    return secret
        .database
        .rows("SELECT run_id::text FROM backfill.run ORDER BY started_at DESC LIMIT 1")
        .get(0)
        .get(0)
        .toString();
  }
}
