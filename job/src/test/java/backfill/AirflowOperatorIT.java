package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAirflow;
import backfill.testing.TestingCheckout;
import backfill.testing.TestingOutcome;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the tests of the operator and the DAG that are written in Python, with the newest Airflow
 * and with the oldest that has approvals.
 */
class AirflowOperatorIT {
  @TempDir Path home;

  @ParameterizedTest
  // The oldest first: the newest is just being installed for AirflowIT, in the other JVM.
  @ValueSource(strings = {"job/src/test/python/airflow-3.1.0", "conf/airflow"})
  void testsInPythonPass(String requirements) throws Exception {
    Path root = TestingCheckout.root();
    TestingOutcome ended =
        TestingAirflow.python(root.resolve(requirements))
            .run(
                Map.of(
                    "PYTHONPATH",
                    root.resolve("conf/airflow") + ":" + root.resolve("job/src/test/python"),
                    "PYTHONDONTWRITEBYTECODE",
                    "1",
                    "AIRFLOW_HOME",
                    home.toString(),
                    "BACKFILL_CHECKOUT",
                    root.toString()),
                "python",
                "-m",
                "unittest",
                "backfill_operator_test");

    assertThat(ended.code()).as(ended.said()).isZero();
    assertThat(ended.said()).doesNotContain("skipped=").containsPattern("Ran [1-9][0-9]+ tests");
  }
}
