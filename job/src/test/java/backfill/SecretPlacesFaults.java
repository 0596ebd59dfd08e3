package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCluster;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSecretPlan;
import backfill.testing.TestingSecretSearch;
import backfill.testing.TestingSparkEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every place that a password could come to while a run on a cluster lasts, and after it: each is
 * looked into, at the most talkative level of Spark, its network and the driver.
 */
class SecretPlacesFaults {
  private static final List<String> PAGES =
      List.of(
          "/environment/",
          "/jobs/",
          "/stages/",
          "/storage/",
          "/executors/",
          "/SQL/",
          "/api/v1/applications/@",
          "/api/v1/applications/@/environment",
          "/api/v1/applications/@/jobs",
          "/api/v1/applications/@/stages?details=true",
          "/api/v1/applications/@/executors",
          "/api/v1/applications/@/storage/rdd",
          "/api/v1/applications/@/sql?details=true&planDescription=true");

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

  /** What makes a JVM say everything that it can. */
  private static List<String> talkative() throws IOException {
    Path log = directory.resolve("log4j2.properties");
    Files.writeString(
        log,
        """
        shutdownHook = disable
        appender.console.type = Console
        appender.console.name = console
        appender.console.target = SYSTEM_ERR
        appender.console.layout.type = PatternLayout
        appender.console.layout.pattern = %c %p %m%n%throwable
        rootLogger.level = all
        rootLogger.appenderRef.console.ref = console
        """);
    Path ofTheDriver = directory.resolve("logging.properties");
    Files.writeString(
        ofTheDriver,
        """
        handlers = java.util.logging.ConsoleHandler
        java.util.logging.ConsoleHandler.level = ALL
        org.postgresql.level = ALL
        """);
    return List.of(
        "-Dlog4j2.configurationFile=" + log, "-Djava.util.logging.config.file=" + ofTheDriver);
  }

  private Map<String, String> settings(Path events, int port) throws IOException {
    Map<String, String> settings = new HashMap<>(TestingSparkEvents.into(events));
    settings.put("spark.ui.enabled", "true");
    settings.put("spark.ui.port", Integer.toString(port));
    settings.put("spark.executor.extraJavaOptions", String.join(" ", talkative()));
    return settings;
  }

  @Test
  void noPlaceOfARunOnAClusterShowsIt() throws Exception {
    TestingSecretSearch search = new TestingSecretSearch(TestingSecretPlan.PASSWORD);
    Path events = Files.createDirectory(directory.resolve("events"));
    Path reports = directory.resolve("report.json");
    Path diff = directory.resolve("diff.jsonl");
    int port = TestingCluster.freePort();
    try (TestingCluster cluster = TestingCluster.start(1)) {
      try (Connection holder = secret.database.connection();
          Statement statement = holder.createStatement();
          TestingProcess job =
              cluster.run(
                  talkative(),
                  secret.environment(),
                  secret.plan.toString(),
                  settings(events, port),
                  "--report",
                  reports.toString(),
                  "--diff",
                  diff.toString(),
                  "--set",
                  "lock-timeout=60 s")) {
        holder.setAutoCommit(false);
        statement.execute("LOCK TABLE people IN SHARE MODE");
        awaitWaiting(job);
        search.processes();
        lookAtTheUi(search, "http://127.0.0.1:" + port);
        search.text("the master's page", cluster.page("/json/"));
        holder.commit();

        TestingRun run = job.end();

        assertThat(run.code()).as(String.join("\n", run.out())).isZero();
        assertThat(run.said()).contains("FE=> Parse", "io.netty", "BlockManager");
        search.text("standard error", run.said());
        search.text("standard output", String.join("\n", run.out()));
      }
      assertThat(search.files(cluster.directory)).as("logs of executors").isPositive();
      cluster.said().forEach(said -> search.text("a daemon of the cluster", said));
    }
    assertThat(search.files(events)).as("event logs").isPositive();
    assertThat(search.files(directory.resolve("diff.jsonl"))).isPositive();
    search.text("the report", Files.readString(reports));
    searchTables(search);
    assertThat(search.found()).isEmpty();
  }

  private static void awaitWaiting(TestingProcess job) throws Exception {
    while (secret.database.count("SELECT count(*)" + TestingGrants.BLOCKED) == 0) {
      if (!job.isAlive()) {
        String said = job.said();
        throw new AssertionError(said.substring(Math.max(0, said.length() - 5000)));
      }
      Thread.sleep(50);
    }
  }

  private static void lookAtTheUi(TestingSecretSearch search, String ui) throws IOException {
    String applications = TestingCluster.get(ui + "/api/v1/applications");
    String id = applications.replaceFirst("(?s).*?\"id\" : \"([^\"]+)\".*", "$1");
    List<String> pages = new ArrayList<>(PAGES);
    for (int execution = 0; execution < 3; execution++) {
      pages.add("/SQL/execution/?id=" + execution);
    }
    for (String page : pages) {
      search.text("page " + page, TestingCluster.get(ui + page.replace("@", id)));
    }
  }

  /** The ledger, and what it wrote. */
  private static void searchTables(TestingSecretSearch search) throws SQLException {
    for (String table : List.of("backfill.run", "backfill.batch", "backfill.lease", "people")) {
      List<List<Object>> rows = secret.database.rows("SELECT t::text FROM " + table + " t");
      search.text(table, rows.toString());
    }
    assertThat(secret.database.count("SELECT count(*) FROM people")).isEqualTo(50);
  }
}
