package backfill.spark.pairs;

import backfill.membership.SetCollector;
import backfill.spark.engine.Codec;
import backfill.spark.engine.Derived;
import backfill.spark.read.UnfitRowsException;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Turns pairs (key, member) into sets of members' numbers within each partition, so that sets are
 * shuffled and not pairs. Pulls pairs until there is a set to give.
 */
final class PartialSetIterator implements Iterator<Tuple2<Long, PartialSet>> {
  private static final int KEYS_HELD = 65_536;
  private static final int LEVELS_AT_HAND = 128;

  private final Iterator<NumberedPairs> pairs;
  private final Numbering numbering;
  private final Unnumbered unnumbered;
  private final ArrayDeque<Tuple2<Long, PartialSet>> ready = new ArrayDeque<>();
  private final Map<Short, SetCollector> sets = new TreeMap<>();
  private final PartialSet.Kind kind;
  private long unknown;
  private boolean ended;

  /** Numbers a member, on an executor; negative for one that has none. */
  @FunctionalInterface
  interface Numbering extends Serializable {
    long number(long member);
  }

  /** What becomes of a member that has no number. */
  enum Unnumbered {
    /** It counts as {@link PartialSet.Kind#UNKNOWN_EXISTING}. */
    COUNT,
    /** It adds nothing: a group without users. */
    DROP,
    /** It ends the run. */
    REFUSE
  }

  private PartialSetIterator(
      Iterator<NumberedPairs> pairs,
      PartialSet.Kind kind,
      Numbering numbering,
      Unnumbered unnumbered) {
    this.pairs = pairs;
    this.numbering = numbering;
    this.unnumbered = unnumbered;
    this.kind = kind;
  }

  /** Such a pair, for what Spark keeps. */
  static final Codec<Tuple2<Long, PartialSet>> CODEC =
      new Codec<>() {
        private static final long serialVersionUID = 1L;

        @Override
        public void write(Tuple2<Long, PartialSet> pair, DataOutput out) throws IOException {
          out.writeLong(pair._1());
          PartialSet.CODEC.write(pair._2(), out);
        }

        @Override
        public Tuple2<Long, PartialSet> read(DataInput in) throws IOException {
          return new Tuple2<>(in.readLong(), PartialSet.CODEC.read(in));
        }
      };

  static JavaPairRDD<Long, PartialSet> of(
      JavaRDD<NumberedPairs> pairs,
      PartialSet.Kind kind,
      Numbering numbering,
      Unnumbered unnumbered) {
    return Derived.pairs(
        Derived.ofPartitions(
            pairs, partition -> new PartialSetIterator(partition, kind, numbering, unnumbered)));
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && pairs.hasNext()) {
      take(pairs.next());
    }
    if (ready.isEmpty() && !ended) {
      ended = true;
      sets.values().forEach(SetCollector::flush);
      if (unknown > 0 && unnumbered == Unnumbered.COUNT) {
        // Surplus whatever the object: the count needs no object of its own, any key will do.
        ready.add(
            new Tuple2<>(
                Long.MIN_VALUE, new PartialSet(PartialSet.Kind.UNKNOWN_EXISTING, null, unknown)));
      }
    }
    return !ready.isEmpty();
  }

  private SetCollector at(short level) {
    return sets.computeIfAbsent(
        level,
        of ->
            new SetCollector(
                KEYS_HELD,
                (key, set) -> ready.add(new Tuple2<>(key, PartialSet.of(kind, set, of)))));
  }

  /** Found in an array, but for what a target holds besides levels. */
  private SetCollector of(short level, SetCollector[] byLevel) {
    if (level >= byLevel.length) {
      return at(level);
    }
    if (byLevel[level] == null) {
      byLevel[level] = at(level);
    }
    return byLevel[level];
  }

  private void take(NumberedPairs some) {
    SetCollector[] byLevel = new SetCollector[some.levels() == null ? 1 : LEVELS_AT_HAND];
    for (int i = 0; i < some.size(); i++) {
      long number = numbering.number(some.members()[i]);
      if (number >= 0) {
        of(some.levels() == null ? 0 : some.levels()[i], byLevel).add(some.keys()[i], (int) number);
      } else if (unnumbered == Unnumbered.REFUSE) {
        throw refused(some.members()[i]);
      } else {
        unknown++;
      }
    }
  }

  private static UnfitRowsException refused(long member) {
    return new UnfitRowsException(
        "user "
            + member
            + " does not fit the target's column; a source must not grant what the target can't hold");
  }

  /** The number of a member who must have one, as sets hold it. */
  static int numbered(long member, Numbering numbering) {
    long number = numbering.number(member);
    if (number < 0) {
      throw refused(member);
    }
    return (int) number;
  }

  @Override
  public Tuple2<Long, PartialSet> next() {
    return ready.remove();
  }
}
