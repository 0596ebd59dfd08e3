package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingLauncher;
import backfill.testing.TestingOutcome;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the launcher says and leaves out where executors, or the driver too, are elsewhere. */
class LauncherClusterTest {
  private static final String ELSEWHERE =
      "backfill: the driver runs on the cluster: how it ends is in its report and in the ledger, not here; see backfill"
          + " help cluster\n";

  @TempDir Path directory;
  private TestingLauncher launcher;

  @BeforeEach
  void built() throws Exception {
    launcher = new TestingLauncher(directory);
    launcher.launch("run");
    launcher.environment.put("STUB_WAIT", "echo driver at ${SPARK_LOCAL_IP-any address}");
  }

  private TestingOutcome submit(String arguments) throws Exception {
    launcher.environment.put("BACKFILL_SUBMIT_ARGS", arguments);
    return launcher.launch("run", "some-plan");
  }

  private void useSparkSubmit() throws IOException {
    launcher.script("spark-submit", "printf '%%s\\n' \"$@\"");
    launcher.environment.put("SPARK_HOME", launcher.directory.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "'', driver at 127.0.0.1",
    "--master local[2], driver at 127.0.0.1",
    "--master spark://host:7077, driver at any address",
    "--master=k8s://https://host, driver at any address",
    "--conf spark.master=yarn, driver at any address",
    "--master yarn --master local[*], driver at 127.0.0.1",
  })
  void onlyALocalDriverHidesFromOtherMachines(String arguments, String driver) throws Exception {
    assertThat(submit(arguments).out().lines()).contains(driver);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--master spark://h:1 --deploy-mode cluster",
        "--master spark://h:1 --deploy-mode=cluster",
        "--master spark://h:1 --conf spark.submit.deployMode=cluster"
      })
  void driverOnAClusterIsToldNothingOfThisMachine(String arguments) throws Exception {
    useSparkSubmit();

    TestingOutcome ended = submit(arguments);

    assertThat(ended.err()).isEqualTo(ELSEWHERE);
    assertThat(ended.out())
        .doesNotContain("--driver-java-options", "backfill.terminal", "log4j2")
        .contains("\n--class\nbackfill.Main\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--master spark://h:1",
        "--master spark://h:1 --deploy-mode client",
        "--name cluster"
      })
  void driverOnThisMachineIs(String arguments) throws Exception {
    useSparkSubmit();

    TestingOutcome ended = submit(arguments);

    assertThat(ended.err()).isEmpty();
    assertThat(ended.out()).contains("--driver-java-options", "backfill.terminal", "log4j2");
  }

  @Test
  void driverOnAClusterHasASizeWithoutSparkHomeToo() throws Exception {
    launcher.environment.put("SPARK_DRIVER_MEMORY", "8g");

    TestingOutcome ended = submit("--master spark://h:1 --deploy-mode cluster");

    assertThat(ended.err()).isEqualTo(ELSEWHERE);
    assertThat(ended.out()).contains("\n--driver-memory\n8g\n");
    assertThat(submit("--master spark://h:1 --deploy-mode cluster --driver-memory 4g").code())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--master spark://h:1 --deploy-mode cluster --supervise",
        "--conf spark.driver.supervise=true"
      })
  void supervisorIsRefused(String arguments) throws Exception {
    assertThat(submit(arguments))
        .isEqualTo(
            new TestingOutcome(
                2,
                "",
                "backfill: BACKFILL_SUBMIT_ARGS has --supervise, which starts a run again that ended for a reason;"
                    + " leave it out\n"));
  }
}
