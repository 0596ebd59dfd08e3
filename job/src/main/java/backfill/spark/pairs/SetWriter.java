package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.LevelsOfSet;
import backfill.membership.UserIndex;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Batch;
import backfill.postgres.write.SetColumn;
import backfill.postgres.write.WriteTarget;
import backfill.spark.engine.SparkJobs;
import backfill.spark.read.KeyNumbers;
import backfill.spark.sink.PartitionWriter;
import backfill.spark.sink.SinkConfig;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;

/**
 * Writes the users of objects that are range-partitioned already, from set to batch: a pair is two
 * numbers there, and never a row of Spark's.
 */
final class SetWriter {
  private SetWriter() {}

  /**
   * Writes every partition, each over a connection of its own, and adds up what they did.
   *
   * @param alike what each row gets besides, in the order of a batch's columns
   */
  static WriteCounts write(
      SinkConfig config,
      JavaRDD<ObjectDiff> objects,
      DiffRows.Which which,
      Broadcast<UserIndex> users,
      StepKeys keys,
      List<SetColumn> alike) {
    Alike values = Alike.of(alike, config.target());
    return SparkJobs.ofEach(
            objects,
            some -> {
              try (PartitionWriter writer =
                  new PartitionWriter(config, TaskContext.getPartitionId())) {
                return write(writer, some, which, users.value(), keys, values);
              }
            })
        .stream()
        .reduce(WriteCounts.NONE, WriteCounts::plus);
  }

  private static WriteCounts write(
      PartitionWriter writer,
      Iterator<ObjectDiff> objects,
      DiffRows.Which which,
      UserIndex users,
      StepKeys keys,
      Alike alike)
      throws IOException {
    while (objects.hasNext()) {
      ObjectDiff object = objects.next();
      PeekableIntIterator each = BitmapBytes.set(which.of(object)).getIntIterator();
      // An object's key is looked up once, however many users it has; most have none to write.
      List<Object> key = each.hasNext() ? key(keys.objects(), object.object()) : null;
      List<LevelsOfSet.Lookup> ofRows = each.hasNext() ? which.levels(object) : List.of();
      while (each.hasNext()) {
        int number = each.next();
        long user = users.key(number);
        if (!writer.skips()) {
          addObject(writer.batch(), object.object(), key);
          addUser(writer.batch(), user, keys);
          for (int i = 0; i < ofRows.size(); i++) {
            writer
                .batch()
                .add(keys.row().columns() + i, keys.levels().cell(ofRows.get(i).of(number)));
          }
          alike.addTo(writer.batch());
          writer.endRow();
        }
      }
    }
    return writer.end();
  }

  /**
   * What every row has.
   *
   * @param first the place of the first of these columns in a batch
   */
  private record Alike(int first, Object[] values) implements Serializable {
    static Alike of(List<SetColumn> set, WriteTarget target) {
      // They stand last: a new row has its level before them.
      int first = target.columns().size() - set.size();
      Object[] values = new Object[set.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(target.columns().get(first + i), set.get(i).text());
      }
      return new Alike(first, values);
    }

    void addTo(Batch batch) {
      for (int i = 0; i < values.length; i++) {
        batch.addAlike(first + i, values[i]);
      }
    }
  }

  /** Integers travel as such, and everything else as the server's text. */
  private static Object value(TargetColumn column, String text) {
    return text != null && column.isInteger() ? (Object) Long.valueOf(text) : text;
  }

  private static void addObject(Batch batch, long object, List<Object> key) {
    if (key == null) {
      batch.add(0, object);
      return;
    }
    for (int column = 0; column < key.size(); column++) {
      batch.add(column, key.get(column));
    }
  }

  /** What a user has besides the columns of the object stands behind these. */
  private static void addUser(Batch batch, long user, StepKeys keys) {
    int column = keys.row().objectColumns();
    if (!keys.users().coded()) {
      batch.add(column, user);
      return;
    }
    List<Object> values = keys.users().values(user);
    for (int place : keys.row().own()) {
      batch.add(column++, values.get(place));
    }
  }

  /** The key that a number stands for; null where it is the key itself. */
  private static List<Object> key(KeyNumbers keys, long number) {
    return keys.coded() ? keys.values(number) : null;
  }
}
