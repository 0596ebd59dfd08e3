package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Puts the rows of one batch into the table, within a transaction that is somebody else's to begin
 * and to commit.
 */
final class BatchSender {
  private final WriteTarget target;
  private final String sql;

  BatchSender(WriteTarget target) {
    this.target = target;
    this.sql = BatchStatement.sql(target);
  }

  /** Writes the rows and checks every constraint that is deferred. */
  WriteCounts send(Connection connection, Batch batch) throws SQLException {
    WriteCounts written = execute(connection, batch);
    try (Statement statement = connection.createStatement()) {
      statement.execute(BatchStatement.CHECK_NOW);
    }
    return written;
  }

  private WriteCounts execute(Connection connection, Batch batch) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      List<TargetColumn> columns = batch.columns();
      for (int i = 0; i < columns.size(); i++) {
        statement.setArray(
            i + 1, connection.createArrayOf(columns.get(i).elementType(), batch.array(i)));
      }
      return switch (target.operation()) {
        case INSERT_MISSING -> {
          long inserted = statement.executeLargeUpdate();
          yield counted(batch.size(), inserted, List.of());
        }
        case COMPARE_AND_SET -> {
          BitSet set = new BitSet(batch.size());
          try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              set.set(rows.getInt(1) - 1);
            }
          }
          yield counted(batch.size(), set.cardinality(), keysOutside(set, batch));
        }
      };
    }
  }

  private static WriteCounts counted(int rows, long changed, List<List<String>> leftKeys) {
    return WriteCounts.NONE.withRows(rows, changed, rows - changed, leftKeys);
  }

  private List<List<String>> keysOutside(BitSet set, Batch batch) {
    List<List<String>> outside = new ArrayList<>();
    for (int row = set.nextClearBit(0); row < batch.size(); row = set.nextClearBit(row + 1)) {
      outside.add(batch.key(target, row));
    }
    return outside;
  }
}
