package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the tests of the operator and the DAG that are written in Python. */
class AirflowOperatorIT {
  @TempDir Path home;

  @Test
  void testsInPythonPass() throws Exception {
    Path root = Checkout.root();
    TestingPython.Ended ended =
        TestingAirflow.python()
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
    assertThat(ended.said()).containsPattern("Ran [1-9][0-9]+ tests");
  }
}
