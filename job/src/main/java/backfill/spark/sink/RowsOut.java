package backfill.spark.sink;

import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Batch;
import java.io.IOException;

/** Where the rows of one partition go, each added to {@link #batch} value by value, then ended. */
interface RowsOut extends AutoCloseable {
  /** Where the next row's values go. */
  Batch batch();

  /** The row has all its values. */
  void endRow() throws IOException;

  /** Sends what there is. */
  void send() throws IOException;

  /**
   * All rows were sent.
   *
   * @param repeated rows that were given and never sent, because they were the same as another one
   */
  void finish(long repeated) throws IOException;

  /** What the rows that were sent did so far. */
  WriteCounts counts();

  /** What all rows did, for the driver. */
  WriteCounts total();

  @Override
  void close();
}
