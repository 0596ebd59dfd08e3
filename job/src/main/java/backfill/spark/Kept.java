package backfill.spark;

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
final class Kept implements AutoCloseable {
  private final List<Runnable> release = new ArrayList<>();

  /** Keeps these rows from their first use on. */
  Dataset<Row> keep(Dataset<Row> rows) {
    release.add(rows::unpersist);
    return rows.persist(StorageLevel.MEMORY_AND_DISK());
  }

  /** Keeps these elements from their first use on. */
  <T> JavaRDD<T> keep(JavaRDD<T> elements) {
    release.add(elements::unpersist);
    return elements.persist(StorageLevel.MEMORY_AND_DISK());
  }

  /** Keeps these pairs from their first use on. */
  <K, V> JavaPairRDD<K, V> keep(JavaPairRDD<K, V> pairs) {
    release.add(pairs::unpersist);
    return pairs.persist(StorageLevel.MEMORY_AND_DISK());
  }

  /**
   * How many rows these are, in one job and without a plan of its own; kept rows are there then.
   */
  static long count(Dataset<Row> rows) {
    return rows.queryExecution().toRdd().toJavaRDD().count();
  }

  @Override
  public void close() {
    release.forEach(Runnable::run);
    release.clear();
  }
}
