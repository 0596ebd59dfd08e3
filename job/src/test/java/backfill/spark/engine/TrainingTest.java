package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

/** The rehearsal runs to its end: one that fails would leave the launcher without its archive. */
class TrainingTest {

  @Test
  void rehearsalSeesEveryRowAndLeavesNothingBehind() {
    Set<Integer> before = Set.copyOf(kept());
    // 1000 rows are seen twice, and give one pair for each of 97 objects and 3 teams.
    assertThat(Training.rehearse(TestingSpark.session())).isEqualTo(2 * 1000 + 97 * 3);
    assertThat(kept()).isSubsetOf(before);
  }

  /** What Spark keeps, of whichever test's. */
  private static Set<Integer> kept() {
    return JavaSparkContext.fromSparkContext(TestingSpark.session().sparkContext())
        .getPersistentRDDs()
        .keySet();
  }
}
