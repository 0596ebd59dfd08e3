package backfill.spark.read;

import backfill.postgres.server.Database;
import backfill.postgres.snapshot.PairCopy;
import java.sql.SQLException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;

/** Packs the rows of one range of a table into arrays, as its connection brings them. */
final class PairsOfTable implements Iterator<ReadPairs> {
  /** Often enough for a progress line, whatever the server's pace. */
  private static final int COUNTED_TOGETHER = 512;

  private final TypePair types;
  private final PairCopy copy;
  private ReadPairs ahead;
  private boolean ended;

  /** Has a session to itself until the task ends, however it ends. */
  PairsOfTable(
      Database database,
      String importStatements,
      String applicationName,
      TypePair types,
      String sql) {
    this.types = types;
    try {
      copy = new PairCopy(database, importStatements, applicationName);
      TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> close());
      copy.start(sql);
    } catch (SQLException e) {
      throw new PairsReadException(sql, e);
    }
  }

  /** A failed COPY, for Spark's signatures, which declare no checked exception. */
  static final class PairsReadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PairsReadException(String sql, SQLException cause) {
      super("cannot read with " + sql, cause);
    }
  }

  private ReadPairs pull() {
    if (TaskContext.get().isInterrupted()) {
      throw new TaskKilledException("given up in the middle of a table");
    }
    KeyCells keys = KeyCells.of(types.key());
    KeyCells members = KeyCells.of(types.member());
    LevelNumbers.LevelCells levels = LevelNumbers.LevelCells.of(types.level());
    int size = 0;
    int seen = 0;
    try {
      while (seen < ReadPairs.SIZE && !ended) {
        if (!copy.next()) {
          ended = true;
        } else {
          seen++;
          if (seen % COUNTED_TOGETHER == 0) {
            TaskContext.get().taskMetrics().inputMetrics().incRecordsRead(COUNTED_TOGETHER);
          }
          if (keys.take(copy, size) && members.take(copy, size)) {
            if (levels != null) {
              levels.take(copy, size);
            }
            size++;
          }
        }
      }
    } catch (SQLException e) {
      throw new PairsReadException("COPY", e);
    }
    TaskContext.get().taskMetrics().inputMetrics().incRecordsRead(seen % COUNTED_TOGETHER);
    return seen == 0
        ? null
        : new ReadPairs(
            keys.column(size),
            members.column(size),
            levels == null ? null : levels.column(size),
            seen);
  }

  @Override
  public boolean hasNext() {
    if (ahead == null && !ended) {
      ahead = pull();
    }
    return ahead != null;
  }

  @Override
  public ReadPairs next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    ReadPairs next = ahead;
    ahead = null;
    return next;
  }

  private void close() {
    try {
      copy.close();
    } catch (SQLException e) {
      // The server sees the end of the connection either way.
    }
  }
}
