package backfill.spark.step;

import backfill.membership.BitmapBytes;
import backfill.membership.key.DistinctKeys;
import backfill.membership.key.KeySet;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.write.Parents;
import backfill.spark.query.PairColumnNames;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.SnapshotReader;
import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.RoaringBitmap;

/**
 * The keys that the parents of a step's target had in its snapshot. They stay on the driver until
 * someone writes.
 */
public final class SnapshotParentKeys implements AutoCloseable {
  private final Map<String, Known> byConstraint = new HashMap<>();
  private final JavaSparkContext spark;
  private Broadcast<Map<String, Known>> broadcast;

  private SnapshotParentKeys(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** The keys of one parent, as far as a row of the step can name them. */
  private sealed interface Known extends Serializable {
    boolean has(List<String> key);
  }

  private record Integers(KeySet keys) implements Known {
    @Override
    public boolean has(List<String> key) {
      return keys.contains(Long.parseLong(key.get(0)));
    }
  }

  private record Coded(KeyNumbers numbers, List<Integer> places, RoaringBitmap set)
      implements Known {
    @Override
    public boolean has(List<String> key) {
      long number = numbers.number(places.stream().map(key::get).toList());
      return number != DistinctKeys.ABSENT && set.contains((int) number);
    }
  }

  /**
   * Begins to read the parents whose key is one column of integers, or what a dictionary of the
   * step numbers.
   *
   * @param referred how the step numbers the keys of a parent; empty where it goes without
   */
  public static SnapshotParentKeys read(
      Collection<ParentTable> parents,
      Function<ParentTable, Optional<ReferredKeys>> referred,
      SnapshotReader reader,
      KeptSources sources) {
    SnapshotParentKeys keys =
        new SnapshotParentKeys(JavaSparkContext.fromSparkContext(sources.session().sparkContext()));
    for (ParentTable parent : parents) {
      if (parent.hasKeys()) {
        referred.apply(parent).ifPresent(to -> keys.read(parent, to, reader, sources));
      }
    }
    return keys;
  }

  private void read(
      ParentTable parent, ReferredKeys to, SnapshotReader reader, KeptSources sources) {
    KeyNumbers numbers = to.numbers();
    List<KeyType> types = numbers.shape().types();
    List<KeyType> inOrder = numbers.shape().order().stream().map(types::get).toList();
    if (!to.columns().stream().map(parent::type).toList().equals(inOrder)) {
      return;
    }
    String constraint = parent.key().constraint();
    if (!numbers.coded()) {
      sources
          .inPairs()
          .keys(
              reader,
              parent.table(),
              to.columns().get(0),
              known -> byConstraint.put(constraint, new Integers(known)));
      return;
    }
    reader
        .reads()
        .begin(
            reader
                .readPairs(parent.table(), new PairColumnNames(to.columns(), to.columns()), null)
                .map(some -> BitmapBytes.bytes(setOf(numbers.of(some.keys())))),
            sets -> byConstraint.put(constraint, new Coded(numbers, to.places(), union(sets))));
  }

  private static RoaringBitmap union(List<byte[]> sets) {
    return RoaringBitmap.or(sets.stream().map(BitmapBytes::set).iterator());
  }

  private static RoaringBitmap setOf(long[] numbers) {
    RoaringBitmap set = new RoaringBitmap();
    for (long number : numbers) {
      if (number != DistinctKeys.ABSENT) {
        set.add((int) number);
      }
    }
    return set;
  }

  /** What writers ask, on whatever machine they run. */
  public Parents parents() {
    if (byConstraint.isEmpty()) {
      return Parents.UNKNOWN;
    }
    if (broadcast == null) {
      broadcast = spark.broadcast(byConstraint);
    }
    return new InSnapshot(broadcast);
  }

  private record InSnapshot(Broadcast<Map<String, Known>> keys) implements Parents {
    @Override
    public boolean wasThere(String constraint, List<String> key) {
      Known known = keys.value().get(constraint);
      return known != null && known.has(key);
    }
  }

  @Override
  public void close() {
    if (broadcast != null) {
      broadcast.destroy();
    }
  }
}
