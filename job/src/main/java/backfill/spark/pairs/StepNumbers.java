package backfill.spark.pairs;

import backfill.membership.UserIndex;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.write.Target;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import backfill.spark.read.KeyRange;
import backfill.spark.read.LevelNumbers;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The numbers that stand for a step's keys, and for its users those of 32 bits that sets hold.
 *
 * @param users numbers the users of sets; where {@code keys} has numbers for users, these
 * @param by what decides a user's number
 */
record StepNumbers(StepKeys keys, Broadcast<UserIndex> users, By by) {
  /** Numbers every int4, the same in each step. */
  private static final UserIndex INTEGERS = UserIndex.startingAt(Integer.MIN_VALUE);

  /** What decides the number that a user has in sets. */
  enum By {
    /** The key: an int4. */
    KEY,
    /** The key's number in a dictionary. */
    DICTIONARY,
    /** Which users there are: keys of an int8 column need a look-up where they span 2³² or more. */
    USE
  }

  /**
   * Looks at the users where their number depends on that.
   *
   * @param named pairs whose members are users who must have a number
   * @param also keys of more of them
   */
  static StepNumbers of(
      Step.Pairs step,
      Target target,
      StepKeys keys,
      List<JavaRDD<NumberedPairs>> named,
      long[] also,
      JavaSparkContext spark) {
    By by =
        keys.users().coded()
            ? By.DICTIONARY
            : "bigint".equals(userColumn(step, target).castType()) ? By.USE : By.KEY;
    UserIndex index =
        switch (by) {
          case KEY -> INTEGERS;
          case DICTIONARY -> UserIndex.startingAt(0);
          case USE -> indexOf(named, also);
        };
    return new StepNumbers(keys, spark.broadcast(index), by);
  }

  /** The one that an integer is in. */
  private static Column userColumn(Step.Pairs step, Target target) {
    return target.table().column(step.into().user().get(0)).orElseThrow();
  }

  private static UserIndex indexOf(List<JavaRDD<NumberedPairs>> named, long[] also) {
    JavaRDD<Long> users =
        named.stream()
            .map(pairs -> Derived.several(pairs, some -> Arrays.stream(some.members()).iterator()))
            .reduce(JavaRDD::union)
            .orElseThrow();
    KeyRange range = SparkJobs.sum(users, KeyRange.of(also), KeyRange::and, KeyRange::and);
    UserIndex spanned = UserIndex.startingAt(range.smallest());
    if (spanned.of(range.largest()) != UserIndex.UNKNOWN || range.isEmpty()) {
      return spanned;
    }
    LongStream all = SparkJobs.collect(users.distinct()).stream().mapToLong(Long::longValue);
    return UserIndex.of(LongStream.concat(all, Arrays.stream(also)).sorted().distinct().toArray());
  }

  /** Numbers users on an executor; an int4 needs no look-up at all. */
  PartialSetIterator.Numbering ofUsers() {
    if (by == By.KEY) {
      return INTEGERS::of;
    }
    Broadcast<UserIndex> index = users;
    return key -> index.value().of(key);
  }

  /** Numbers levels. */
  LevelNumbers levels() {
    return keys.levels();
  }

  /** Whether users and groups have the same numbers in each step. */
  boolean alike() {
    return by == By.KEY && !keys.groups().coded();
  }

  /** Lets the index and the dictionaries go. */
  void destroy() {
    users.destroy();
    keys.destroy();
  }
}
