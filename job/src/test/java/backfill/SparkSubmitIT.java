package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import backfill.testing.TestingDistribution;
import backfill.testing.TestingProcess;
import backfill.testing.TestingPython;
import backfill.testing.TestingRun;
import backfill.testing.TestingSubmittedDojo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar by the spark-submit of a Spark as it is installed, on this machine alone. */
class SparkSubmitIT {
  private static TestingDistribution spark;

  @TempDir Path directory;
  private TestingSubmittedDojo there;

  @BeforeAll
  static void fetch() throws Exception {
    spark = TestingDistribution.get();
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
  void launcherSubmitsFromPathsWithBlanks() throws Exception {
    Path root = checkoutWithoutSources(directory.resolve("a checkout"));
    Path home = Files.createTempDirectory("a spark ").resolve("home");
    Files.createSymbolicLink(home, spark.home());
    TestingRun run;
    try {
      run =
          end(
              Map.of("SPARK_HOME", home.toString(), "SPARK_SUBMIT_OPTS", spark.jvm()),
              List.of(root.resolve("job/bin/backfill").toString()));
    } finally {
      Files.delete(home);
      Files.delete(home.getParent());
    }

    there.assertDone(run);
    assertThat(run.said().lines())
        .as("the log is the one of conf/log4j2.properties")
        .anyMatch(
            line -> line.matches("[0-9:]+ INFO  run defectdojo-authorized-users: succeeded.*"));
  }

  @Test
  void localRunOnJava25EndsWithItsCodeAndItsLine() throws Exception {
    if (!spark.supportsJava25()) {
      TestingPython.skip("Spark " + spark.version() + " does not support Java 25");
    }
    Map<String, String> environment = Map.of("JAVA_HOME", TestingDistribution.java(25).toString());

    TestingRun refused = end(environment, submit(), "--set", "limits.rows-inserted=1");
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.line().path("exitCode").asInt()).isEqualTo(5);
    there.assertUntouched();

    there.assertDone(end(environment, submit()));
  }

  private List<String> submit() {
    return List.of(
        spark.program("spark-submit"),
        "--master",
        "local[2]",
        "--driver-java-options",
        "-XX:TieredStopAtLevel=1",
        "--class",
        "backfill.Main",
        TestingSubmittedDojo.JAR);
  }

  private TestingRun end(Map<String, String> environment, List<String> command, String... options)
      throws Exception {
    Map<String, String> all = new HashMap<>(there.role.environment());
    all.putAll(environment);
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of(TestingRun.words(TestingRun.DOJO, options)));
    try (TestingProcess job = TestingProcess.start(words, all)) {
      return job.end();
    }
  }

  /** What somebody has who was given the jar: the launcher uses it as it is. */
  private static Path checkoutWithoutSources(Path root) throws Exception {
    for (String file :
        List.of(
            "job/bin/backfill",
            "job/jvm.options",
            "job/target/backfill.jar",
            "conf/spark-defaults.conf",
            "conf/log4j2.properties")) {
      Files.createDirectories(root.resolve(file).getParent());
      Files.copy(TestingCheckout.root().resolve(file), root.resolve(file));
    }
    Files.setPosixFilePermissions(
        root.resolve("job/bin/backfill"), PosixFilePermissions.fromString("rwxr-xr-x"));
    return root;
  }
}
