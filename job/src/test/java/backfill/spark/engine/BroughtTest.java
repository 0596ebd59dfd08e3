package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingSpark;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class BroughtTest {
  private static final List<Integer> ELEMENTS = List.of(1, 2, 3, 4, 90, 5);

  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(TestingSpark.session().sparkContext());
  private final JavaRDD<Integer> elements = spark.parallelize(ELEMENTS, 3);

  private int jobs(Supplier<?> asked) {
    String group = "brought " + System.nanoTime();
    spark.setJobGroup(group, group);
    try {
      asked.get();
    } finally {
      spark.clearJobGroup();
    }
    return spark.statusTracker().getJobIdsForGroup(group).length;
  }

  @Test
  void theyComeInTheJobThatWeighsThem() {
    assertThat(
            jobs(
                () -> {
                  Brought<Integer> brought = Brought.of(elements, element -> 1, 6);
                  assertThat(brought.weight()).isEqualTo(6);
                  assertThat(brought.elements()).isEqualTo(ELEMENTS);
                  return brought;
                }))
        .isEqualTo(1);
  }

  /** The last partition weighs 95 of 105, and may bring a third of them. */
  @Test
  void whereOnePartitionHasMoreThanItsShareAnotherJobBringsThem() {
    assertThat(
            jobs(
                () -> {
                  Brought<Integer> brought = Brought.of(elements, element -> element, 105);
                  assertThat(brought.weight()).isEqualTo(105);
                  assertThat(brought.elements()).isEqualTo(ELEMENTS);
                  return brought;
                }))
        .isEqualTo(2);
  }

  @Test
  void ofTooManyTheWeightComesAlone() {
    assertThat(jobs(() -> Brought.of(elements, element -> element, 10))).isEqualTo(1);
    assertThat(Brought.of(elements, element -> element, 10).weight()).isEqualTo(105);
    assertThat(Brought.of(spark.parallelize(List.<Integer>of(), 2), element -> 1, 0).elements())
        .isEmpty();
  }
}
