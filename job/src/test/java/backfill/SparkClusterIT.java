package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCluster;
import backfill.testing.TestingDistribution;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSightings;
import backfill.testing.TestingSubmittedDojo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged jar by the spark-submit of a Spark as it is installed, to a standalone master of the
 * same Spark with two workers: with the driver here, and with the driver there.
 */
class SparkClusterIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(6);
  private static final Pattern DRIVER = Pattern.compile("submitted as (driver-[0-9-]+)");

  private static TestingDistribution spark;
  private static TestingCluster cluster;

  @TempDir Path directory;
  private TestingSubmittedDojo there;

  @BeforeAll
  static void start() throws Exception {
    spark = TestingDistribution.get();
    cluster = TestingCluster.start(spark);
  }

  @AfterAll
  static void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void fill() throws Exception {
    there = new TestingSubmittedDojo();
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  @Test
  void driverHereEndsWithTheCodeAndTheLine() throws Exception {
    try (TestingProcess job =
        submit(
            List.of("--conf", "spark.driver.host=127.0.0.1"), TestingRun.words(TestingRun.DOJO))) {
      there.assertDone(job.end());
    }
    try (TestingProcess job = submit(List.of(), "run", "no-such-plan")) {
      TestingRun run = job.end();

      assertThat(run.code()).as(run.said()).isEqualTo(2);
      assertThat(run.line().path("exitCode").asInt()).isEqualTo(2);
    }
  }

  @Test
  void driverThereLeavesReportAndLedgerAndThePasswordNowhere() throws Exception {
    Path report = directory.resolve("report.json");
    Path events = Files.createDirectory(cluster.directory.resolve("events"));
    String driver;
    try (TestingProcess job =
        submit(
            List.of(
                "--deploy-mode",
                "cluster",
                "--conf",
                "spark.eventLog.enabled=true",
                "--conf",
                "spark.eventLog.compress=false",
                "--conf",
                "spark.eventLog.dir=" + events.toUri()),
            "run",
            TestingRun.DOJO,
            "--report",
            report.toUri().toString())) {
      TestingRun submitted = job.end();
      assertThat(submitted.code()).as(submitted.said()).isZero();
      driver = driver(submitted);
    }
    TestingSightings seen = await(driver, "FINISHED");

    there.assertDone(JSON.readTree(Files.readString(report)));
    assertThat(seen.placesWith(TestingRun.DOJO))
        .as("where a secret would have been seen")
        .contains("command line", "page of the master", "page of a worker", "file stdout")
        .anyMatch(place -> place.startsWith("file events_"));
    assertThat(seen.placesWith(there.role.password)).isEmpty();
  }

  @Test
  void driverThereThatFailsSaysSoInItsReportAlone() throws Exception {
    Path report = directory.resolve("report.json");

    try (TestingProcess job =
        submit(
            List.of("--deploy-mode", "cluster"),
            "run",
            "no-such-plan",
            "--report",
            "file:" + report)) {
      TestingRun submitted = job.end();
      assertThat(submitted.code()).as("it was submitted").isZero();
      await(driver(submitted), "FAILED");
    }

    JsonNode written = JSON.readTree(Files.readString(report));
    assertThat(written.path("exitCode").asInt()).isEqualTo(2);
    assertThat(written.path("error").path("message").asText())
        .startsWith("no-such-plan: is neither");
  }

  private TestingProcess submit(List<String> options, String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(spark.program("spark-submit"));
    command.addAll(List.of("--master", cluster.url, "--executor-memory", "512m"));
    // For a driver there, and for executors; one here and spark-submit itself have variables.
    command.addAll(List.of("--driver-java-options", spark.jvm()));
    command.addAll(List.of("--conf", "spark.executor.extraJavaOptions=" + spark.jvm()));
    command.addAll(List.of("--conf", "spark.standalone.submit.filterEnvironment=false"));
    command.addAll(options);
    command.addAll(List.of("--class", "backfill.Main", TestingSubmittedDojo.JAR));
    command.addAll(List.of(words));
    Map<String, String> environment = new HashMap<>(there.role.environment());
    environment.putAll(spark.environment());
    return TestingProcess.start(command, environment);
  }

  /** What spark-submit calls the driver that it has submitted. */
  private static String driver(TestingRun submitted) {
    return DRIVER
        .matcher(submitted.said())
        .results()
        .map(found -> found.group(1))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no driver was submitted: " + submitted.said()));
  }

  /** The end of what a driver there wrote on standard error. */
  private static String saidBy(String driver) throws Exception {
    try (Stream<Path> all = Files.walk(cluster.directory)) {
      for (Path file : all.filter(each -> each.endsWith(Path.of(driver, "stderr"))).toList()) {
        String said = Files.readString(file);
        return said.substring(Math.max(0, said.length() - 8_000));
      }
    }
    return "nothing";
  }

  /** Looks at the cluster until its master says so of the driver; what was to be seen. */
  private static TestingSightings await(String driver, String state) throws Exception {
    TestingSightings seen = new TestingSightings(cluster);
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      seen.look();
      for (JsonNode ended : JSON.readTree(cluster.page("/json/")).path("completeddrivers")) {
        if (ended.path("id").asText().equals(driver)) {
          assertThat(ended.path("state").asText())
              .as("%s, which said: %s", driver, saidBy(driver))
              .isEqualTo(state);
          return seen;
        }
      }
      assertThat(System.nanoTime()).as("the driver's time").isLessThan(end);
      Thread.sleep(300);
    }
  }
}
