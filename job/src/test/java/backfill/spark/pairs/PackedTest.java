package backfill.spark.pairs;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.Packed;
import backfill.testing.TestingSpark;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/** Sets as bytes: those that Spark keeps, and those that it shuffles. */
class PackedTest {
  private static final int OBJECTS = 3_000;

  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(TestingSpark.session().sparkContext());

  private static List<Tuple2<Long, PartialSet>> sets(long seed) {
    Random random = new Random(seed);
    List<Tuple2<Long, PartialSet>> sets = new ArrayList<>();
    for (long object = 0; object < OBJECTS; object++) {
      PartialSet.Kind[] kinds = {
        PartialSet.Kind.DIRECT, PartialSet.Kind.EXISTING, PartialSet.Kind.REJECTED
      };
      for (PartialSet.Kind kind : kinds) {
        RoaringBitmap members = new RoaringBitmap();
        int count = random.nextInt(60);
        for (int i = 0; i < count; i++) {
          members.add(random.nextInt());
        }
        sets.add(new Tuple2<>(object - OBJECTS / 2, PartialSet.of(kind, members)));
      }
    }
    sets.add(
        new Tuple2<>(
            Long.MIN_VALUE, new PartialSet(PartialSet.Kind.UNKNOWN_EXISTING, null, 1L << 40)));
    return sets;
  }

  private static List<String> texts(List<Tuple2<Long, PartialSet>> sets) {
    return sets.stream().map(PackedTest::text).toList();
  }

  private static String text(Tuple2<Long, PartialSet> set) {
    PartialSet part = set._2();
    String members = part.members() == null ? "none" : part.set().toString();
    return set._1() + " " + part.kind() + " " + part.rows() + " " + members;
  }

  @Test
  void keptElementsComeBackInTheirOrderWheneverTheyAreAskedFor() {
    List<Tuple2<Long, PartialSet>> sets = sets(1);
    try (KeptInSpark kept = new KeptInSpark()) {
      Packed<Tuple2<Long, PartialSet>> packed =
          Packed.keep(spark.parallelize(sets, 2), PartialSetIterator.CODEC, kept);

      assertThat(texts(packed.elements().collect())).isEqualTo(texts(sets));
      assertThat(texts(packed.elements().collect())).isEqualTo(texts(sets));
      assertThat(packed.arrays().count())
          .as("arrays for %d sets", sets.size())
          .isBetween(3L, (long) OBJECTS / 10);
    }
  }

  @Test
  void nothingIsKeptAsNothing() {
    try (KeptInSpark kept = new KeptInSpark()) {
      assertThat(
              Packed.keep(
                      spark.parallelize(List.<Tuple2<Long, PartialSet>>of(), 2),
                      PartialSetIterator.CODEC,
                      kept)
                  .elements()
                  .collect())
          .isEmpty();
    }
  }

  @Test
  void anObjectComesBackWithItsSetsAndCounts() {
    byte[] all = PartialSet.of(PartialSet.Kind.DIRECT, RoaringBitmap.bitmapOf(1, 5, -1)).members();
    byte[] some = PartialSet.of(PartialSet.Kind.DIRECT, RoaringBitmap.bitmapOf(5)).members();
    List<ObjectDiff> objects =
        List.of(
            new ObjectDiff(7, all, all, some, 3, 3, 2, 1, 0, 4, null),
            new ObjectDiff(Long.MAX_VALUE, all, some, some, 3, 1, 0, 0, 2, 0, null));
    try (KeptInSpark kept = new KeptInSpark()) {
      List<ObjectDiff> back =
          Packed.keep(spark.parallelize(objects, 1), ObjectDiff.CODEC, kept).elements().collect();

      assertThat(back).usingRecursiveComparison().isEqualTo(objects);
    }
  }

  @Test
  void aShuffleBringsEachObjectsSetsTogetherInOrder() {
    List<Tuple2<Long, PartialSet>> sets = sets(2);
    Collections.shuffle(sets, new Random(3));
    JavaPairRDD<Long, PartialSet> parts = spark.parallelizePairs(sets, 3);

    List<String> merged =
        ObjectSets.merge(
                parts,
                null,
                ObjectSets.ranges(parts.keys(), 4),
                ObjectSets.by(
                    (object, users, before) ->
                        object
                            + " "
                            + users.justified()
                            + " "
                            + users.existing()
                            + " "
                            + users.surplus(users.justified())))
            .collect();

    assertThat(merged).isEqualTo(expected(sets));
  }

  private static List<String> expected(List<Tuple2<Long, PartialSet>> sets) {
    TreeMap<Long, List<PartialSet>> byObject =
        sets.stream()
            .collect(
                Collectors.groupingBy(
                    Tuple2::_1, TreeMap::new, Collectors.mapping(Tuple2::_2, Collectors.toList())));
    List<String> expected = new ArrayList<>();
    byObject.forEach(
        (object, parts) -> {
          RoaringBitmap direct = new RoaringBitmap();
          RoaringBitmap existing = new RoaringBitmap();
          long unknown = 0;
          for (PartialSet part : parts) {
            if (part.kind() == PartialSet.Kind.UNKNOWN_EXISTING) {
              unknown += part.rows();
            } else {
              // What was rejected counts as there.
              (part.kind() == PartialSet.Kind.DIRECT ? direct : existing).or(part.set());
            }
          }
          long surplus = unknown + RoaringBitmap.andNot(existing, direct).getLongCardinality();
          expected.add(object + " " + direct + " " + existing + " " + surplus);
        });
    return expected;
  }
}
