package backfill.spark.read;

import backfill.postgres.snapshot.KeyedSelect;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.datasources.jdbc.JdbcUtils;
import org.apache.spark.util.TaskCompletionListener;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The rows of one task's keys, a statement for every so many of them, in the order of the keys so
 * that pages of the index are read one after the other. Values become what Spark's own JDBC source
 * makes of them. Without a key there is neither a statement nor a connection.
 */
final class KeyedRows implements Iterator<Row> {
  private final KeyedScan.Fetch fetch;
  private final Iterator<Row> keys;
  private KeyedSelect select;
  private Iterator<Row> rows = List.<Row>of().iterator();

  /**
   * @param keys each a row of one value, ascending
   */
  KeyedRows(KeyedScan.Fetch fetch, Iterator<Row> keys) {
    this.fetch = fetch;
    this.keys = keys;
  }

  @Override
  public boolean hasNext() {
    while (!rows.hasNext() && keys.hasNext()) {
      if (TaskContext.get().isInterrupted()) {
        throw new TaskKilledException("given up between two fetches");
      }
      rows = fetched();
    }
    return rows.hasNext();
  }

  private Iterator<Row> fetched() {
    List<Object> together = new ArrayList<>();
    while (together.size() < fetch.keysPerQuery() && keys.hasNext()) {
      together.add(keys.next().get(0));
    }
    try {
      if (select == null) {
        open();
      }
      fetch.statements().add(1);
      return CollectionConverters.asJava(
          JdbcUtils.resultSetToRows(
              select.rows(together.toArray()), fetch.schema(), fetch.dialect()));
    } catch (SQLException e) {
      throw new PairsOfTable.PairsReadException(fetch.sql(), e);
    }
  }

  /** The end of the task closes it, however it ends. */
  private void open() throws SQLException {
    select =
        new KeyedSelect(
            fetch.database(),
            fetch.first(),
            fetch.applicationName(),
            fetch.sql(),
            fetch.type(),
            fetch.fetchRows());
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> close());
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return rows.next();
  }

  private void close() {
    try {
      select.close();
    } catch (SQLException e) {
      // The server sees the end of the connection either way.
    }
  }
}
