package backfill.spark.step;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a step would do to its target. Columns have the target's names.
 *
 * @param inserts rows to add, with every column that the step writes
 * @param updates rows to set: the key, and the columns with their new values
 * @param deletes keys of the rows to take away
 */
public record DiffRowsets(Dataset<Row> inserts, Dataset<Row> updates, Dataset<Row> deletes) {}
