package backfill.spark.engine;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * What Spark keeps, in memory and where that is full on disk, until all of it is let go together.
 */
public final class KeptInSpark implements AutoCloseable {
  private final List<Runnable> release = new ArrayList<>();

  /** Does this, too, when all of it is let go. */
  public void release(Runnable also) {
    release.add(also);
  }

  /** Keeps these rows from their first use on; what must be moved for them is moved now. */
  public Dataset<Row> keep(Dataset<Row> rows) {
    return new KeptRows(rows, this).rows();
  }

  /** Keeps these elements from their first use on. */
  public <T> JavaRDD<T> keep(JavaRDD<T> elements) {
    release.add(elements::unpersist);
    return elements.persist(StorageLevel.MEMORY_AND_DISK());
  }

  /** Keeps these pairs from their first use on. */
  public <K, V> JavaPairRDD<K, V> keep(JavaPairRDD<K, V> pairs) {
    release.add(pairs::unpersist);
    return pairs.persist(StorageLevel.MEMORY_AND_DISK());
  }

  /** How many rows each partition has of rows that are kept, which are there then. */
  public static JavaRDD<Long> counts(Dataset<Row> rows) {
    return KeptRows.of(rows).counts();
  }

  /** How many rows of these are kept, which are there then. */
  public static long count(Dataset<Row> rows) {
    return SettingsInTasks.of(rows.sparkSession(), () -> SparkJobs.collect(counts(rows))).stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  /** The sum of what each partition's elements come to; kept elements are there then. */
  public static <T> JavaRDD<Long> counts(JavaRDD<T> elements, SparkJobs.Weight<T> weight) {
    return Derived.ofPartitions(
        elements, partition -> List.of(SparkJobs.sum(partition, weight)).iterator());
  }

  @Override
  public void close() {
    release.forEach(Runnable::run);
    release.clear();
  }
}
