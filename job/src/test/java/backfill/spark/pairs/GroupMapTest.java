package backfill.spark.pairs;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.membership.UserIndex;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.LevelNumbers;
import backfill.testing.TestingSpark;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

/** How the map comes together when one of two partitions has nearly all of it. */
class GroupMapTest {
  private static final Map<Long, List<Integer>> EXPECTED =
      Map.of(7L, IntStream.range(0, 500).boxed().toList(), 8L, List.of(3));

  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(TestingSpark.session().sparkContext());

  private GroupMap within(long bytes, KeptInSpark kept) {
    NumberedPairs many =
        new NumberedPairs(
            LongStream.range(0, 500).map(user -> 7).toArray(), LongStream.range(0, 500).toArray());
    NumberedPairs one = new NumberedPairs(new long[] {8}, new long[] {3});
    JavaRDD<NumberedPairs> members = spark.parallelize(List.of(many, one), 2);
    UserIndex users = UserIndex.startingAt(0);
    return GroupMap.of(List.of(members), users::of, LevelNumbers.NONE, bytes, kept, spark);
  }

  private static long bytes(GroupMap map) {
    return Long.parseLong(
        map.description().replaceAll(".* in ([\\d,]+) bytes.*", "$1").replace(",", ""));
  }

  @Test
  void whatFitsIsBroadcastAlsoIfAPartitionIsBeyondItsShare() {
    try (KeptInSpark kept = new KeptInSpark()) {
      GroupMap roomy = within(1 << 20, kept);
      GroupMap tight = within(bytes(roomy), kept);
      GroupMap tooTight = within(bytes(roomy) - 1, kept);

      assertThat(roomy.broadcast().value().asMap()).isEqualTo(EXPECTED);
      assertThat(tight.broadcast().value().asMap()).isEqualTo(EXPECTED);
      assertThat(tight.description()).isEqualTo(roomy.description());
      assertThat(tooTight.broadcast()).isNull();
      roomy.letGo();
      tight.letGo();
    }
  }
}
