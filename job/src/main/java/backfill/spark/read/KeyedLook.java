package backfill.spark.read;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.Database;
import backfill.postgres.snapshot.NotedKeys;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;

/**
 * Looks at the rows of one task's keys, a statement for every so many of them: how many there are,
 * or -1 once one may be new. Without a key there is neither a statement nor a connection.
 *
 * @param first what the connection sends first in its transaction
 * @param sql of {@link NotedKeys#sql}
 * @param statements counts those that were sent
 */
record KeyedLook(
    Database database,
    String applicationName,
    String first,
    String sql,
    KeyType type,
    int keysPerQuery,
    LongAccumulator statements)
    implements FlatMapFunction<Iterator<Row>, Long> {

  @Override
  public Iterator<Long> call(Iterator<Row> keys) throws SQLException {
    long rows = 0;
    if (keys.hasNext()) {
      try (NotedKeys noted = new NotedKeys(database, first, applicationName, sql, type)) {
        while (rows >= 0 && keys.hasNext()) {
          if (TaskContext.get().isInterrupted()) {
            throw new TaskKilledException("given up between two looks");
          }
          statements.add(1);
          long some = noted.rows(together(keys));
          rows = some < 0 ? some : rows + some;
        }
      }
    }
    return List.of(rows).iterator();
  }

  private List<Object> together(Iterator<Row> keys) {
    List<Object> together = new ArrayList<>();
    while (together.size() < keysPerQuery && keys.hasNext()) {
      together.add(keys.next().get(0));
    }
    return together;
  }
}
