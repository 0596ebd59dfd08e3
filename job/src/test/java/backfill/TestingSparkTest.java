package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingSpark;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The session fixture: one for all, with the launcher's settings. */
class TestingSparkTest {

  @Test
  void sessionIsTheSameForAll() {
    assertThat(TestingSpark.session()).isSameAs(TestingSpark.session());
  }

  @Test
  void sessionHasTheLaunchersSettingsOnTwoThreads() {
    SparkSession spark = TestingSpark.session();

    assertThat(spark.sparkContext().getConf().get("spark.executor.heartbeatInterval"))
        .isEqualTo("2s");
    assertThat(spark.sparkContext().master()).isEqualTo("local[2]");
    assertThat(spark.sparkContext().uiWebUrl().isEmpty()).isTrue();
  }

  @Test
  void numberThatOverflowsIsAnError() {
    assertThatThrownBy(
            () -> TestingSpark.session().sql("SELECT cast('12x' AS int)").collectAsList())
        .hasMessageContaining("CAST_INVALID_INPUT");
  }
}
