package backfill.spark.query;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.spark.engine.EngineSettings;
import backfill.testing.TestingSpark;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Casts that Spark adds to a query by itself: those that lose digits are reasons against it. */
class ImplicitCastsTest {
  private static SparkSession spark;

  @BeforeAll
  static void table() {
    spark = EngineSettings.newSession(TestingSpark.session());
    spark
        .sql(
            """
            SELECT CAST(1 AS DECIMAL(38,0)) AS whole, CAST(1 AS DECIMAL(38,18)) AS fine, CAST(1 AS DECIMAL(10,2)) AS price,
              CAST(1 AS BIGINT) AS id, 1 AS small, CAST(1 AS DOUBLE) AS d, CAST(1 AS FLOAT) AS f, '1' AS t,
              array(CAST(1 AS DECIMAL(38,0))) AS wholes, DATE'2020-01-01' AS day""")
        .createOrReplaceTempView("v");
  }

  private static List<String> reasons(String query) {
    return ImplicitCasts.reasons("step s: query", spark.sql(query));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1 FROM v WHERE whole = fine",
        "SELECT 1 FROM v WHERE whole > 0.5",
        "SELECT 1 FROM v WHERE whole IN (1, 1.25)",
        "SELECT 1 FROM v WHERE whole IN (SELECT fine FROM v)",
        "SELECT 1 FROM v WHERE EXISTS (SELECT 1 FROM v w WHERE w.whole = v.fine)",
        "SELECT 1 FROM v WHERE whole BETWEEN fine AND 2",
        "SELECT 1 FROM v a JOIN v b ON a.whole = b.fine",
        "SELECT 1 FROM v a JOIN (SELECT fine AS whole FROM v) b USING (whole)",
        "SELECT whole FROM v UNION ALL SELECT fine FROM v",
        "SELECT whole FROM v EXCEPT SELECT fine FROM v",
        "SELECT coalesce(whole, fine) FROM v",
        "SELECT CASE WHEN small = 1 THEN whole ELSE fine END FROM v",
        "SELECT if(true, whole, fine) FROM v",
        "SELECT nullif(whole, fine) FROM v",
        "SELECT greatest(whole, fine) FROM v",
        "SELECT array(whole, fine) FROM v",
        "SELECT array_contains(wholes, fine) FROM v",
        "SELECT wholes FROM v UNION SELECT array(fine) FROM v",
        "WITH c AS (SELECT coalesce(whole, fine) AS x FROM v) SELECT x FROM c",
        "SELECT sum(CASE WHEN whole = fine THEN 1 ELSE 0 END) FROM v",
        "SELECT row_number() OVER (PARTITION BY whole = fine ORDER BY id) FROM v",
        "SELECT 1 FROM v WHERE fine = t",
        "SELECT 1 FROM v WHERE id = d",
        "SELECT 1 FROM v WHERE id = f",
        "SELECT 1 FROM v WHERE small <=> f AND id IN (1.5D)",
        "SELECT id FROM v UNION SELECT d FROM v",
        "SELECT coalesce(id, d) FROM v",
        "SELECT 1 FROM v WHERE double(small) = nullif(id, id)",
      })
  void digitsThatALossyCastWouldDropAreAReason(String query) {
    assertThat(reasons(query)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1 FROM v WHERE fine = 1 AND whole = 1 AND fine = id AND whole = id AND small = 1.5",
        "SELECT 1 FROM v WHERE CAST(whole AS DECIMAL(38,18)) = fine",
        "SELECT 1 FROM v WHERE whole = fine::decimal(38,0) OR whole = try_cast(fine AS DECIMAL(38,0))",
        "SELECT CAST(fine AS DECIMAL(10,2)), decimal(fine), double(id), CAST(id AS DOUBLE) = d FROM v",
        "SELECT 1 FROM v WHERE price = fine OR price > 0.125 OR d = 0.1 OR small = d OR day = t",
        "SELECT price FROM v UNION ALL SELECT fine FROM v",
        "SELECT id / 2, small / id, id * d, whole + fine, fine * price, sqrt(id), pow(id, 2), stddev(id), avg(id) FROM v"
            + " GROUP BY ALL",
        "SELECT coalesce(price, 0.5), sum(fine), avg(price), round(fine, 2), concat(id, t) FROM v GROUP BY ALL",
      })
  void castThatIsWrittenOrLosesNothingIsNone(String query) {
    assertThat(reasons(query)).isEmpty();
  }

  @Test
  void reasonNamesThePlaceTheTypesAndWhatToWrite() {
    assertThat(reasons("SELECT 1\nFROM v\nWHERE whole = fine"))
        .containsExactly(
            "step s: query: line 3, whole = fine: fine, a decimal(38,18), is taken as decimal(38,0) there, which loses"
                + " digits; write the cast that is meant, as in CAST(fine AS DECIMAL(38,0))");
  }

  @Test
  void whatAViewLosesIsSaidOfTheViewAlone() {
    spark.sql("SELECT coalesce(whole, fine) AS x FROM v").createOrReplaceTempView("losing");

    assertThat(reasons("SELECT x FROM losing")).isEmpty();
  }
}
