package backfill.spark.query;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.spark.engine.EngineSettings;
import backfill.testing.TestingSpark;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Spark itself takes for the time, for chance or for the session that asks. */
class RepeatableTest {
  private static SparkSession spark;

  @BeforeAll
  static void table() {
    spark = EngineSettings.newSession(TestingSpark.session());
    spark
        .sql("SELECT 1 AS id, 'now' AS status, DATE'2020-01-01' AS day, timestamp_seconds(0) AS at")
        .createOrReplaceTempView("v");
  }

  private static List<String> reasons(String query) {
    return Repeatable.reasons("q", spark.sql(query, Map.<String, Object>of("when", "now")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM v WHERE day >= 'today'",
        "SELECT id FROM v WHERE at < ' NOW '",
        "SELECT CAST(:when AS TIMESTAMP) FROM v",
        "SELECT to_timestamp(:when) FROM v",
        "SELECT `now`() FROM v",
        "SELECT unix_timestamp() FROM v",
        "SELECT localtimestamp() FROM v",
        "SELECT rand() FROM v",
        "SELECT uuid() FROM v",
        "SELECT shuffle(array(1, 2)) FROM v",
        "SELECT monotonically_increasing_id(), 1 FROM v",
        "SELECT current_user() FROM v",
        "SELECT current_timezone() FROM v",
        "SELECT version() FROM v",
        "SELECT id FROM v WHERE EXISTS (SELECT 1 FROM v w WHERE w.day = current_date())",
      })
  void whatDiffersOnEachRunIsAReason(String query) {
    assertThat(reasons(query)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM v WHERE status = 'now' OR status IN ('today', :when)",
        "SELECT TIMESTAMP 'epoch', DATE '2020-01-01', array_sort(collect_set(id)), max(at) FROM v",
        "SELECT row_number() OVER (ORDER BY id), explode(sequence(1, id)) FROM v",
      })
  void whatIsAlwaysTheSameIsNone(String query) {
    assertThat(reasons(query)).isEmpty();
  }
}
