package backfill.spark.pairs;

import backfill.membership.GroupUsers;
import backfill.membership.ObjectUsers;
import backfill.spark.engine.Derived;
import java.io.Serializable;
import java.util.Comparator;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import org.apache.spark.RangePartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.ShuffledRDD;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;
import scala.math.Ordering;
import scala.reflect.ClassTag;

/** Brings the sets of each object together, once, in disjoint ascending ranges of objects. */
final class ObjectSets {
  /**
   * Objects that are sampled for each range. With Spark's 20 the ranges are less even, and the
   * slower writer counts: 950,000 pairs took 5.4 s instead of 4.6.
   */
  private static final int SAMPLED = 2_000;

  private static final Ordering<Long> ASCENDING =
      Ordering.comparatorToOrdering(Comparator.<Long>naturalOrder());

  private ObjectSets() {}

  /** What becomes of one object's sets. */
  @FunctionalInterface
  interface Verdict<T> extends Serializable {
    T of(long object, ObjectUsers users, Before before);
  }

  /** What takes the parts of one object after the other, and says what becomes of it. */
  interface Gathering<T> {
    /** Another part of the same object. */
    void take(PartialSet part);

    /** They are all; others come. */
    T end(long object);
  }

  /** Makes a gathering for a partition, where that is. */
  @FunctionalInterface
  interface Judge<T> extends Serializable {
    /**
     * @param groups null where no part has groups
     */
    Gathering<T> with(GroupUsers groups);
  }

  /**
   * What another reading planned for the object, and what became of it; empty sets where there was
   * none.
   *
   * @param deleted whose rows went, those left out that stayed for a reason
   */
  record Before(RoaringBitmap planned, RoaringBitmap written, RoaringBitmap deleted) {}

  /**
   * Ranges of objects to which about as much is known each.
   *
   * @param objects a sample, one for each thing that is known; each is looked at once
   * @param partitions how many ranges, at most
   */
  static Partitioner ranges(JavaRDD<Long> objects, int partitions) {
    return new RangePartitioner<>(
        partitions,
        Derived.each(objects, object -> new Tuple2<Long, Object>(object, null)).rdd(),
        true,
        SAMPLED,
        ASCENDING,
        ClassTag.apply(Long.class));
  }

  /**
   * @param groups the broadcast group map, or null where no part has groups
   * @param ranges those of {@link #ranges}
   * @return a verdict for each object, objects ascending within a partition and from one to the
   *     next
   */
  static <T> JavaRDD<T> merge(
      JavaPairRDD<Long, PartialSet> parts,
      Broadcast<GroupUsers> groups,
      Partitioner ranges,
      Judge<T> judge) {
    return Derived.ofPartitions(
        sorted(parts, ranges),
        sorted -> new Merging<>(sorted, judge.with(groups == null ? null : groups.value())));
  }

  /**
   * The same with parts that are in these ranges already, in the order of their objects; only the
   * others travel.
   */
  static <T> JavaRDD<T> merge(
      JavaRDD<Tuple2<Long, PartialSet>> inPlace,
      JavaPairRDD<Long, PartialSet> others,
      Partitioner ranges,
      Judge<T> judge) {
    return inPlace.zipPartitions(
        sorted(others, ranges),
        (some, more) -> new Merging<>(new Ascending(some, more), judge.with(null)));
  }

  /** Judges by a verdict. */
  static <T> Judge<T> by(Verdict<T> verdict) {
    return groups -> new WithoutLevels<>(groups, verdict);
  }

  /** The parts of each object one after the other, objects as in {@link #merge}. */
  static JavaRDD<Tuple2<Long, PartialSet>> sorted(
      JavaPairRDD<Long, PartialSet> parts, Partitioner ranges) {
    ClassTag<Long> keys = ClassTag.apply(Long.class);
    ClassTag<PartialSet> values = ClassTag.apply(PartialSet.class);
    return new ShuffledRDD<Long, PartialSet, PartialSet>(parts.rdd(), ranges, keys, values, values)
        .setKeyOrdering(ASCENDING)
        .setSerializer(new PartialSetSerializer())
        .toJavaRDD();
  }

  /** Two sequences of parts, each in the order of its objects, as one. */
  private static final class Ascending implements Iterator<Tuple2<Long, PartialSet>> {
    private final Iterator<Tuple2<Long, PartialSet>> one;
    private final Iterator<Tuple2<Long, PartialSet>> other;
    private Tuple2<Long, PartialSet> ofOne;
    private Tuple2<Long, PartialSet> ofOther;

    Ascending(Iterator<Tuple2<Long, PartialSet>> one, Iterator<Tuple2<Long, PartialSet>> other) {
      this.one = one;
      this.other = other;
      ofOne = next(one);
      ofOther = next(other);
    }

    private static Tuple2<Long, PartialSet> next(Iterator<Tuple2<Long, PartialSet>> parts) {
      return parts.hasNext() ? parts.next() : null;
    }

    @Override
    public boolean hasNext() {
      return ofOne != null || ofOther != null;
    }

    @Override
    public Tuple2<Long, PartialSet> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<Long, PartialSet> given;
      if (ofOther == null || ofOne != null && ofOne._1() <= ofOther._1()) {
        given = ofOne;
        ofOne = next(one);
      } else {
        given = ofOther;
        ofOther = next(other);
      }
      return given;
    }
  }

  private static final class Merging<T> implements Iterator<T> {
    private final Iterator<Tuple2<Long, PartialSet>> sorted;
    private final Gathering<T> gathering;
    private Tuple2<Long, PartialSet> ahead;

    Merging(Iterator<Tuple2<Long, PartialSet>> sorted, Gathering<T> gathering) {
      this.sorted = sorted;
      this.gathering = gathering;
      advance();
    }

    private void advance() {
      ahead = sorted.hasNext() ? sorted.next() : null;
    }

    @Override
    public boolean hasNext() {
      return ahead != null;
    }

    @Override
    public T next() {
      long object = ahead._1();
      while (ahead != null && ahead._1() == object) {
        gathering.take(ahead._2());
        advance();
      }
      return gathering.end(object);
    }
  }

  /** Of pairs without levels. */
  private static final class WithoutLevels<T> implements Gathering<T> {
    private final GroupUsers groups;
    private final Verdict<T> verdict;
    private final ObjectUsers users = new ObjectUsers();
    private RoaringBitmap planned = new RoaringBitmap();
    private RoaringBitmap written = new RoaringBitmap();
    private RoaringBitmap rejected = new RoaringBitmap();
    private RoaringBitmap deleted = new RoaringBitmap();
    private RoaringBitmap stayed = new RoaringBitmap();

    WithoutLevels(GroupUsers groups, Verdict<T> verdict) {
      this.groups = groups;
      this.verdict = verdict;
    }

    @Override
    public void take(PartialSet part) {
      switch (part.kind()) {
        case DIRECT -> users.addDirect(part.set());
        case GROUPS -> addGroups(part.set());
        case GROUP_USERS -> users.addThroughGroup(part.set());
        case EXISTING -> users.addExisting(part.set());
        case FOREIGN -> users.addForeign(part.set());
        case UNKNOWN_EXISTING -> users.addUnknownExisting(part.rows());
        case PLANNED -> planned.or(part.set());
        case WRITTEN -> written.or(part.set());
        case DELETED -> deleted.or(part.set());
        case STAYED -> stayed.or(part.set());
        case REJECTED -> rejected.or(part.set());
        default -> throw new IllegalStateException("kind " + part.kind());
      }
    }

    @Override
    public T end(long object) {
      // A rejected row is counted as such already: it is not missing, and we did not write it.
      users.addExisting(rejected);
      written.andNot(rejected);
      deleted.andNot(stayed);
      T judged = verdict.of(object, users, new Before(planned, written, deleted));
      users.clear();
      planned = new RoaringBitmap();
      written = new RoaringBitmap();
      rejected = new RoaringBitmap();
      deleted = new RoaringBitmap();
      stayed = new RoaringBitmap();
      return judged;
    }

    private void addGroups(RoaringBitmap numbers) {
      PeekableIntIterator each = numbers.getIntIterator();
      while (each.hasNext()) {
        users.addThroughGroup(groups.users(each.next()));
      }
    }
  }
}
