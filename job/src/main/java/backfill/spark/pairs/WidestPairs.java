package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import backfill.spark.read.KeyNumbers;
import backfill.spark.step.FanOut;
import java.io.Serializable;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/** Finds the user that the sources give most pairs, and the object. */
final class WidestPairs {
  private WidestPairs() {}

  /** A user, or an object, by its number. */
  private record Numbered(long number, long pairs) implements Serializable {
    private static final Comparator<Numbered> WIDEST_FIRST =
        Comparator.comparingLong(Numbered::pairs).reversed().thenComparingLong(Numbered::number);
  }

  /** The user with most pairs; empty where none gains any. */
  static Optional<FanOut> widestUser(
      JavaRDD<ObjectDiff> objects, Broadcast<UserIndex> users, StepKeys keys, Set<String> except) {
    return widest(
        keys.users(),
        except,
        Derived.each(
            Derived.where(
                Derived.pairs(Derived.ofPartitions(objects, some -> shares(some, users.value())))
                    .reduceByKey(PairsShare::and),
                user -> user._2().gains()),
            user -> new Numbered(user._1(), user._2().pairs())));
  }

  /** The object with most users; empty where none gains any. */
  static Optional<FanOut> widestObject(
      JavaRDD<ObjectDiff> objects, StepKeys keys, Set<String> except) {
    return widest(
        keys.objects(),
        except,
        Derived.each(
            Derived.where(objects, ObjectDiff::gains),
            object -> new Numbered(object.object(), object.planned())));
  }

  private static Optional<FanOut> widest(
      KeyNumbers keys, Set<String> except, JavaRDD<Numbered> all) {
    JavaRDD<Numbered> counted =
        except.isEmpty()
            ? all
            : Derived.where(all, each -> !except.contains(String.valueOf(keys.key(each.number()))));
    return SparkJobs.ofEach(counted, WidestPairs::first).stream()
        .filter(Objects::nonNull)
        .min(Numbered.WIDEST_FIRST)
        .map(widest -> new FanOut(keys.key(widest.number()), widest.pairs()));
  }

  private static Numbered first(Iterator<Numbered> some) {
    Numbered first = null;
    while (some.hasNext()) {
      Numbered next = some.next();
      first = first == null || Numbered.WIDEST_FIRST.compare(next, first) < 0 ? next : first;
    }
    return first;
  }

  /** What one user has in a part of the objects. */
  private record PairsShare(long pairs, boolean gains) implements Serializable {
    PairsShare and(PairsShare other) {
      return new PairsShare(pairs + other.pairs, gains || other.gains);
    }
  }

  private static Iterator<Tuple2<Long, PairsShare>> shares(
      Iterator<ObjectDiff> objects, UserIndex users) {
    Map<Integer, long[]> pairs = new HashMap<>();
    RoaringBitmap gaining = new RoaringBitmap();
    while (objects.hasNext()) {
      ObjectDiff object = objects.next();
      gaining.or(BitmapBytes.set(object.toInsert()));
      gaining.or(BitmapBytes.set(object.toSet()));
      PeekableIntIterator each = BitmapBytes.set(object.justified()).getIntIterator();
      while (each.hasNext()) {
        pairs.computeIfAbsent(each.next(), user -> new long[1])[0]++;
      }
    }
    return pairs.entrySet().stream()
        .map(
            entry ->
                new Tuple2<>(
                    users.key(entry.getKey()),
                    new PairsShare(entry.getValue()[0], gaining.contains(entry.getKey()))))
        .iterator();
  }
}
