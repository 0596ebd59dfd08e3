package backfill.spark.query;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.catalyst.expressions.Lower;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** Expressions over cells. */
class CellsTest {
  /** Of a letter beyond hexadecimal digits nothing is said: what has one is no such number. */
  @Test
  void hexadecimalDigitsComeInSmallLettersWithoutSparksOwnLower() {
    Dataset<String> written =
        TestingSpark.session()
            .createDataset(List.of("0A1b2C", "DEADBEEF", "é-1", "", "İK"), Encoders.STRING());
    Dataset<?> lower = written.select(Cells.lowerHex(col("value")));

    assertThat(lower.as(Encoders.STRING()).collectAsList())
        .containsExactly("0a1b2c", "deadbeef", "é-1", "", "İK");
    assertThat(
            CollectionConverters.asJava(lower.queryExecution().analyzed().expressions()).stream()
                .noneMatch(expression -> expression.exists(part -> part instanceof Lower)))
        .isTrue();
  }
}
