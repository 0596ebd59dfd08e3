package backfill.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Rows that Spark keeps, in memory and where that is full on disk, until all of them are let go
 * together.
 */
final class Kept implements AutoCloseable {
  private final List<Dataset<Row>> rows = new ArrayList<>();

  /** Keeps these rows from their first use on. */
  Dataset<Row> keep(Dataset<Row> dataset) {
    Dataset<Row> persisted = dataset.persist(StorageLevel.MEMORY_AND_DISK());
    rows.add(persisted);
    return persisted;
  }

  @Override
  public void close() {
    rows.forEach(Dataset::unpersist);
    rows.clear();
  }
}
