package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCluster;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
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
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every place that a password could come to while a run on a cluster lasts, and after it: each is
 * looked into, at the most talkative level of Spark, its network and the driver.
 */
class SecretPlacesFaults {
  /** Short, so that a dump in lines of 16 bytes shows it in one of them. */
  private static final String MARKER = "Zq7xV";

  private static final String ROLE = "role_" + UUID.randomUUID().toString().replace("-", "");

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
    TestingSecretSearch search = new TestingSecretSearch(MARKER);
    Path events = Files.createDirectory(directory.resolve("events"));
    Path reports = directory.resolve("report.json");
    Path diff = directory.resolve("diff.jsonl");
    int port = TestingCluster.freePort();
    try (TestingCluster cluster = TestingCluster.start(1)) {
      try (Connection holder = database.connection();
          Statement statement = holder.createStatement();
          TestingProcess job =
              cluster.run(
                  talkative(),
                  environment,
                  plan.toString(),
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
    while (database.count(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'backfill %' AND cardinality(pg_blocking_pids(pid)) > 0")
        == 0) {
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
      List<List<Object>> rows = database.rows("SELECT t::text FROM " + table + " t");
      search.text(table, rows.toString());
    }
    assertThat(database.count("SELECT count(*) FROM people")).isEqualTo(50);
  }
}
