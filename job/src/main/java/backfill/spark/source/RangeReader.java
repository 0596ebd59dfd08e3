package backfill.spark.source;

import backfill.postgres.server.Database;
import backfill.postgres.server.RecoveryConflictException;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.SqlState;
import backfill.postgres.snapshot.RangeSelect;
import backfill.spark.engine.SparkFailure;
import java.io.IOException;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructType;
import scala.collection.Iterator;

/**
 * Reads one ctid range, on an executor: over a connection of its own, in the snapshot that the
 * driver holds. Values are what Spark's own JDBC source makes of them; times come as the counts
 * that Spark has them as.
 */
final class RangeReader implements PartitionReader<InternalRow> {
  private static final String NO_SUCH_TEXT = SqlState.INVALID_TEXT_REPRESENTATION.code();

  private final From from;
  private final RangePartition partition;
  private RangeSelect select;
  private Iterator<InternalRow> rows;
  private InternalRow row;

  /**
   * What is read.
   *
   * @param table for messages
   * @param brought the types in which the driver brings the columns
   */
  record From(Database database, String table, StructType brought, int fetchRows)
      implements Serializable {}

  RangeReader(From from, RangePartition partition) {
    this.from = from;
    this.partition = partition;
  }

  @Override
  public boolean next() throws IOException {
    try {
      if (rows == null) {
        open();
      }
      boolean more = rows.hasNext();
      row = more ? rows.next() : null;
      return more;
    } catch (Exception e) {
      // Spark throws what no signature declares.
      if (SqlFailure.is(e)) {
        throw new IOException(why(e), e);
      }
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  private void open() throws SQLException {
    select =
        new RangeSelect(
            from.database(),
            partition.snapshot().applicationName(),
            partition.snapshot().statements(),
            partition.sql(),
            from.fetchRows());
    rows = JdbcRows.of(select.rows(), from.database().readUrl(), from.brought());
  }

  private String why(Exception failure) {
    if (SqlFailure.lostSnapshot(failure)) {
      return "snapshot %s of %s was gone before everything was read in it: the session that held it has ended. Run the query again"
          .formatted(partition.snapshot().id(), from.table());
    }
    return "cannot read %s at %s: %s%s"
        .formatted(
            from.table(),
            from.database().readAddress(),
            SqlFailure.message(failure),
            RecoveryConflictException.cure(failure)
                .or(() -> textCure(failure))
                .map(cure -> ". " + cure)
                .orElse(""));
  }

  /** What a value says that Spark's type cannot hold is no text of the type. */
  private static Optional<String> textCure(Exception failure) {
    return SqlFailure.sqlState(failure)
        .filter(NO_SUCH_TEXT::equals)
        .map(state -> "Option texts names columns to read as the server's text");
  }

  @Override
  public InternalRow get() {
    return row;
  }

  @Override
  public void close() throws IOException {
    if (select != null) {
      try {
        select.close();
      } catch (SQLException e) {
        // The server sees the end of the connection either way.
      }
    }
  }
}
