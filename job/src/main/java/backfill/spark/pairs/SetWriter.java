package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Batch;
import backfill.spark.read.KeyNumbers;
import backfill.spark.sink.PartitionWriter;
import backfill.spark.sink.SinkConfig;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;

/**
 * Writes the users of objects that are range-partitioned already, from set to batch: a pair is two
 * numbers there, and never a row of Spark's.
 */
final class SetWriter {
  private SetWriter() {}

  /** Writes every partition, each over a connection of its own, and adds up what they did. */
  static WriteCounts write(
      SinkConfig config,
      JavaRDD<ObjectDiff> objects,
      DiffRows.Which which,
      Broadcast<UserIndex> users,
      StepKeys keys) {
    return objects
        .mapPartitionsWithIndex(
            (partition, some) ->
                List.of(write(config, partition, some, which, users.value(), keys)).iterator(),
            true)
        .collect()
        .stream()
        .reduce(WriteCounts.NONE, WriteCounts::plus);
  }

  private static WriteCounts write(
      SinkConfig config,
      int partition,
      Iterator<ObjectDiff> objects,
      DiffRows.Which which,
      UserIndex users,
      StepKeys keys)
      throws IOException {
    try (PartitionWriter writer = new PartitionWriter(config, partition)) {
      while (objects.hasNext()) {
        ObjectDiff object = objects.next();
        PeekableIntIterator each = BitmapBytes.set(which.of(object)).getIntIterator();
        // An object's key is looked up once, however many users it has; most have none to write.
        Object key = each.hasNext() ? key(keys.objects(), object.object()) : null;
        while (each.hasNext()) {
          long user = users.key(each.next());
          if (!writer.skips()) {
            add(writer.batch(), 0, object.object(), key);
            add(writer.batch(), 1, user, key(keys.users(), user));
            writer.endRow();
          }
        }
      }
      return writer.end();
    }
  }

  /** The key that a number stands for; null where it is the key itself. */
  private static Object key(KeyNumbers keys, long number) {
    return keys.coded() ? keys.key(number) : null;
  }

  private static void add(Batch batch, int column, long number, Object key) {
    if (key == null) {
      batch.add(column, number);
    } else {
      batch.add(column, key);
    }
  }
}
