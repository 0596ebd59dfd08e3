package backfill.spark;

import backfill.membership.KeySet;
import backfill.postgres.ParentTable;
import backfill.postgres.Parents;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The keys that the parents of a step's target had in its snapshot. They stay on the driver until
 * somebody writes.
 */
final class ParentKeys implements AutoCloseable {
  private final Map<String, KeySet> byConstraint = new HashMap<>();
  private final JavaSparkContext spark;
  private Broadcast<Map<String, KeySet>> broadcast;

  private ParentKeys(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** Reads the parents whose key is one column of integers. */
  static ParentKeys read(
      Collection<ParentTable> parents, SnapshotReader reader, KeptSources sources) {
    ParentKeys keys =
        new ParentKeys(JavaSparkContext.fromSparkContext(sources.session().sparkContext()));
    for (ParentTable parent : parents) {
      parent
          .integerColumn()
          .ifPresent(
              column ->
                  keys.byConstraint.put(
                      parent.key().constraint(), sources.keys(reader, parent.table(), column)));
    }
    return keys;
  }

  /** What writers ask, on whatever machine they run. */
  Parents parents() {
    if (byConstraint.isEmpty()) {
      return Parents.UNKNOWN;
    }
    if (broadcast == null) {
      broadcast = spark.broadcast(byConstraint);
    }
    return new InSnapshot(broadcast);
  }

  private record InSnapshot(Broadcast<Map<String, KeySet>> keys) implements Parents {
    @Override
    public boolean wasThere(String constraint, List<String> key) {
      KeySet known = keys.value().get(constraint);
      return known != null && known.contains(Long.parseLong(key.get(0)));
    }
  }

  @Override
  public void close() {
    if (broadcast != null) {
      broadcast.destroy();
    }
  }
}
