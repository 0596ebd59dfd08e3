package backfill.spark.read;

import backfill.postgres.catalog.Table;
import java.util.Collection;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Rows that are seen in the place of some tables' own. */
public interface LaidOver {
  /** Tables are read as they are. */
  LaidOver NOTHING =
      new LaidOver() {
        @Override
        public boolean covers(Table table) {
          return false;
        }

        @Override
        public Dataset<Row> read(
            SnapshotReader reader, Table table, Collection<String> columns, String where) {
          throw new IllegalArgumentException(table.name() + " is read as it is");
        }
      };

  /** Whether this is to be asked for the table's rows. */
  boolean covers(Table table);

  /**
   * Columns of a table.
   *
   * @param where a PostgreSQL condition, or null
   */
  Dataset<Row> read(SnapshotReader reader, Table table, Collection<String> columns, String where);
}
