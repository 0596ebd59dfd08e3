package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.List;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.metrics.source.CodegenMetrics$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;

class KeptRowsTest {
  private static final int ROWS = 500;

  private static final String[] COLUMNS = {
    "id",
    "cast(id AS short) AS s",
    "if(id % 3 = 0, NULL, cast(id AS string)) AS text",
    "id % 2 = 0 AS even",
    "array(id, NULL) AS list",
    "cast(id AS decimal(20, 3)) AS number",
    "date_from_unix_date(cast(id AS int)) AS day"
  };

  @Test
  void theyAreTheSameAndNothingIsCompiledToReadThemAgain() {
    SparkSession spark = EngineSettings.newSession(TestingSpark.session());
    spark.conf().set("spark.sql.codegen.wholeStage", "false");
    spark.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    Dataset<Row> rows = spark.range(ROWS).selectExpr(COLUMNS);
    List<Row> expected = rows.collectAsList();
    long compiled = compiled();
    try (KeptInSpark kept = new KeptInSpark()) {
      Dataset<Row> few = kept.keep(rows);

      assertThat(few.schema()).isEqualTo(rows.schema());
      assertThat(few.collectAsList()).containsExactlyElementsOf(expected);
      assertThat(few.collectAsList()).containsExactlyElementsOf(expected);
    }
    assertThat(compiled()).isEqualTo(compiled);
  }

  private static long compiled() {
    return CodegenMetrics$.MODULE$.METRIC_COMPILATION_TIME().getCount();
  }

  @Test
  void theyAreCountedAndComputedOnceAndAJoinIsPlannedByWhatCame() {
    SparkSession spark = TestingSpark.session();
    LongAccumulator computed = spark.sparkContext().longAccumulator();
    try (KeptInSpark kept = new KeptInSpark()) {
      Dataset<Row> few =
          kept.keep(
              spark
                  .range(ROWS)
                  .toDF()
                  .filter(
                      (FilterFunction<Row>)
                          row -> {
                            computed.add(1);
                            return row.getLong(0) > 0;
                          }));
      assertThat(bytes(few)).isEqualTo(Long.MAX_VALUE);

      List<Long> counts = KeptInSpark.counts(few).collect();

      assertThat(counts.stream().mapToLong(Long::longValue).sum()).isEqualTo(ROWS - 1);
      assertThat(few.count()).isEqualTo(ROWS - 1);
      assertThat(computed.value()).isEqualTo(ROWS);
      assertThat(bytes(few)).isEqualTo(16L * (ROWS - 1));
    }
  }

  @Test
  void manyRowsAndLongOnesAndRowsWithoutAColumnComeAsTheyWere() {
    SparkSession spark = TestingSpark.session();
    Dataset<Row> many =
        spark
            .range(20_000)
            .repartition(3)
            .selectExpr(
                "id", "repeat('é', cast(if(id % 5000 = 0, 300000, id % 50) AS int)) AS text");
    Dataset<Row> bare = spark.range(0, 20_000, 1, 3).select();
    try (KeptInSpark kept = new KeptInSpark()) {
      Dataset<Row> read = kept.keep(many);

      assertThat(read.collectAsList()).containsExactlyElementsOf(many.collectAsList());
      assertThat(KeptInSpark.count(read)).isEqualTo(20_000);
      assertThat(KeptInSpark.count(kept.keep(bare))).isEqualTo(20_000);
      assertThat(kept.keep(bare).count()).isEqualTo(20_000);
      assertThat(KeptInSpark.count(kept.keep(many.where("id < 0")))).isZero();
    }
  }

  private static long bytes(Dataset<Row> rows) {
    return rows.toDF("same").queryExecution().optimizedPlan().stats().sizeInBytes().toLong();
  }
}
