package backfill.spark.pairs;

import backfill.bench.FlattenRound;
import backfill.bench.InMemoryGrants;
import backfill.membership.UserIndex;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.LevelNumbers;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Flattens scale S4 by the job's own stages in Spark, twice; memberships and grants are made where
 * the job would read them. Prints what {@link FlattenRound} says. A main class, which the job's
 * launcher starts.
 */
public final class InMemoryStage {
  private static final int PARTITIONS = 2;
  private static final long BROADCAST_BYTES = 256L << 20;
  private static final int GRANTS_AT_ONCE = 50_000;

  private InMemoryStage() {}

  public static void main(String[] arguments) {
    SparkSession session = SparkSession.builder().getOrCreate();
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    for (int round = 1; round <= FlattenRound.ROUNDS; round++) {
      FlattenRound.print(() -> pairs(spark));
    }
    session.stop();
  }

  private static long pairs(JavaSparkContext spark) {
    try (KeptInSpark kept = new KeptInSpark()) {
      UserIndex users = UserIndex.startingAt(0);
      JavaRDD<NumberedPairs> members =
          spark
              .parallelize(IntStream.range(0, InMemoryGrants.GROUPS).boxed().toList(), PARTITIONS)
              .map(InMemoryStage::members);
      GroupMap groups =
          GroupMap.of(List.of(members), users::of, LevelNumbers.NONE, BROADCAST_BYTES, kept, spark);
      int chunks = InMemoryGrants.PRODUCTS / GRANTS_AT_ONCE;
      JavaRDD<NumberedPairs> grants =
          kept.keep(
              spark
                  .parallelize(IntStream.range(0, chunks).boxed().toList(), chunks)
                  .map(InMemoryStage::grants));
      JavaPairRDD<Long, PartialSet> granted = groups.grantSets(grants, PARTITIONS);
      return ObjectSets.merge(
              granted,
              groups.broadcast(),
              ObjectSets.ranges(granted.keys(), PARTITIONS),
              ObjectSets.by((object, found, before) -> found.justified().getLongCardinality()))
          .reduce(Long::sum);
    }
  }

  private static NumberedPairs members(int group) {
    long[] users = InMemoryGrants.users(group);
    long[] groups = new long[users.length];
    Arrays.fill(groups, group);
    return new NumberedPairs(groups, users);
  }

  private static NumberedPairs grants(int chunk) {
    int each = InMemoryGrants.GROUPS_OF_A_PRODUCT;
    long[] products = new long[GRANTS_AT_ONCE * each];
    long[] groups = new long[products.length];
    for (int i = 0; i < products.length; i++) {
      products[i] = (long) chunk * GRANTS_AT_ONCE + i / each;
      groups[i] = InMemoryGrants.group((int) products[i], i % each);
    }
    return new NumberedPairs(products, groups);
  }
}
