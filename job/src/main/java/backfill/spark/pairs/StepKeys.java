package backfill.spark.pairs;

import backfill.membership.LevelSets;
import backfill.membership.key.DistinctKeys;
import backfill.membership.key.KeyDictionary;
import backfill.membership.key.KeyList;
import backfill.postgres.snapshot.KeyShape;
import backfill.spark.engine.Brought;
import backfill.spark.engine.Derived;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeyMemoryLimit;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.KeySlices;
import backfill.spark.read.KeySpace;
import backfill.spark.read.LevelNumbers;
import backfill.spark.read.UnfitRowsException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * The keys of one step as a snapshot has them, numbered: objects, groups and users each for
 * themselves, and levels. Between reading and writing there are only numbers.
 */
record StepKeys(
    KeyNumbers objects, KeyNumbers groups, KeyNumbers users, PairKey row, LevelNumbers levels)
    implements Serializable {

  private static final long BEYOND_ANY = 1L << Integer.SIZE;

  /**
   * Numbers every key of these rows; where all are integers nothing is looked at.
   *
   * @param before another snapshot's, whose keys are to have a number, too; or null
   * @throws UnfitRowsException if the keys take more memory than they may
   */
  static StepKeys of(
      StepKeyTypes types,
      List<IdentifiedPairs> rows,
      StepKeys before,
      KeyMemoryLimit most,
      JavaSparkContext spark) {
    List<IdentifiedPairs> coded =
        rows.stream().filter(pairs -> types.of(pairs.keys(), pairs.members()).coded()).toList();
    Map<KeySpace, List<KeyList>> distinct =
        coded.isEmpty() ? Map.of() : distinct(types, coded, before, most, spark);
    Function<KeySpace, KeyNumbers> numbers =
        space ->
            types.of(space).isInteger()
                ? KeyNumbers.INTEGERS
                : new KeyNumbers(
                    types.of(space),
                    spark.broadcast(KeyDictionary.of(distinct.getOrDefault(space, List.of()))));
    return new StepKeys(
        numbers.apply(KeySpace.OBJECTS),
        numbers.apply(KeySpace.GROUPS),
        numbers.apply(KeySpace.USERS),
        types.row(),
        LevelNumbers.NONE);
  }

  /** The same with these levels. */
  StepKeys with(LevelNumbers numbers) {
    return new StepKeys(objects, groups, users, row, numbers);
  }

  private static Map<KeySpace, List<KeyList>> distinct(
      StepKeyTypes types,
      List<IdentifiedPairs> rows,
      StepKeys before,
      KeyMemoryLimit given,
      JavaSparkContext spark) {
    KeyMemoryLimit most = before == null ? given : given.twice();
    List<JavaPairRDD<Integer, KeyList>> parts = new ArrayList<>();
    for (IdentifiedPairs some : rows) {
      KeySpace keys = some.keys();
      KeySpace members = some.members();
      parts.add(
          Derived.pairs(
              Derived.ofPartitions(
                  some.pairs(), pairs -> KeySlices.of(pairs, keys, members, most))));
    }
    if (before != null) {
      parts.add(spark.parallelizePairs(before.slices(), 1));
    }
    try (KeptInSpark kept = new KeptInSpark()) {
      JavaPairRDD<Integer, KeyList> slices =
          kept.keep(
              parts.stream()
                  .reduce(JavaPairRDD::union)
                  .orElseThrow()
                  .groupByKey(Math.min(KeySlices.EACH, spark.defaultParallelism()))
                  .mapToPair(
                      slice ->
                          new Tuple2<>(
                              slice._1(),
                              union(types.of(KeySlices.space(slice._1())), slice._2()))));
      Brought<Tuple2<Integer, KeyList>> brought =
          Brought.of(slices, slice -> slice._2().byteCount(), most.most());
      most.require(brought.weight());
      Map<KeySpace, List<KeyList>> bySpace = new EnumMap<>(KeySpace.class);
      for (Tuple2<Integer, KeyList> slice : brought.elements()) {
        bySpace
            .computeIfAbsent(KeySlices.space(slice._1()), space -> new ArrayList<>())
            .add(slice._2());
      }
      return bySpace;
    }
  }

  private static KeyList union(KeyShape shape, Iterable<KeyList> lists) {
    DistinctKeys distinct = new DistinctKeys();
    lists.forEach(distinct::addAll);
    KeyList all = distinct.list();
    shape
        .firstThatIsNoUtf8(all)
        .ifPresent(
            key -> {
              throw new UnfitRowsException(
                  "a key is no text in UTF-8: \\x"
                      + key
                      + "; a database that checks no encoding holds it, correct it there");
            });
    return all;
  }

  /** Objects and users; what a group was called is over. */
  private List<Tuple2<Integer, KeyList>> slices() {
    KeySlices slices = new KeySlices();
    for (KeySpace space : List.of(KeySpace.OBJECTS, KeySpace.USERS)) {
      if (of(space).coded()) {
        slices.add(space, of(space).dictionary().value().keys());
      }
    }
    return slices.all();
  }

  KeyNumbers of(KeySpace space) {
    return switch (space) {
      case OBJECTS -> objects;
      case GROUPS -> groups;
      case USERS -> users;
    };
  }

  /**
   * Takes those users away from an object's that differ from it in a column which both have: a row
   * would say of one of the two what is not so. Users who are alike in these columns have numbers
   * that follow each other.
   *
   * @return how many they are
   */
  long takeCrossing(long object, RoaringBitmap justified) {
    if (row.shared() == 0 || justified.isEmpty()) {
      return 0;
    }
    long all = justified.getLongCardinality();
    int[] within = users.beginningLike(objects, object, row.shared());
    justified.remove(0L, within[0]);
    justified.remove((long) within[1], BEYOND_ANY);
    return all - justified.getLongCardinality();
  }

  /** Whether objects and users have a column in common. */
  boolean mayCross() {
    return row.shared() > 0;
  }

  /** The same of users by level. */
  long takeCrossing(long object, LevelSets justified) {
    if (!mayCross()) {
      return 0;
    }
    RoaringBitmap all = justified.all();
    RoaringBitmap within = all.clone();
    long crossing = takeCrossing(object, within);
    justified.remove(RoaringBitmap.andNot(all, within));
    return crossing;
  }

  /** The values of a row's key, as the server writes them. */
  List<String> texts(long object, long user) {
    return row.of(objects.texts(object), users.texts(user));
  }

  /** Lets the dictionaries go. */
  void destroy() {
    Stream.of(objects, groups, users).forEach(KeyNumbers::destroy);
  }
}
