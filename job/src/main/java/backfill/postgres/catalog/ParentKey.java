package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.List;

/**
 * A foreign key of a target, as a writer needs it to find the rows whose parent is absent.
 *
 * @param columns the target's, in the order of {@code parentColumns}
 * @param parent the table in which a row with their values must be
 */
public record ParentKey(
    String constraint, List<String> columns, TableName parent, List<String> parentColumns)
    implements Serializable {

  public ParentKey {
    columns = List.copyOf(columns);
    parentColumns = List.copyOf(parentColumns);
  }
}
