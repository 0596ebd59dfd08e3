package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingPython;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a test that needs packages is skipped, and when it fails: what pip says in each case. */
class TestingPythonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('Failed to establish a new"
            + " connection: [Errno 111] Connection refused')': /simple/apache-airflow/",
        "ERROR: Could not find a version that satisfies the requirement apache-airflow==3.3.2 (from versions: none)",
        "WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.')'",
      })
  void withoutAnIndexItIsSkipped(String said) {
    assertThat(TestingPython.noIndexAnswered(said)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ERROR: Could not find a version that satisfies the requirement apache-airflow==99 (from versions: 3.3.1, 3.3.2)",
        "ERROR: ResolutionImpossible: for help visit the documentation on dependency conflicts",
        "ERROR: Invalid requirement: 'apache-airflow=3'",
      })
  void wrongRequirementIsAFailure(String said) {
    assertThat(TestingPython.noIndexAnswered(said)).isFalse();
  }
}
