package backfill.postgres.change;

import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The table that a {@code batches} step changes, and the key that it goes along.
 *
 * @param key in the order of the index on it
 * @param swallows whether a trigger or a rule may drop a change without a word
 * @param cascades what goes along with a deletion; of a step that sets, nothing
 * @param ownKeys the foreign keys by which a row of it keeps another from being deleted; of a step
 *     that sets, none
 */
public record ChangeTarget(
    Table table,
    List<TargetColumn> key,
    String index,
    boolean swallows,
    Cascades cascades,
    Set<String> ownKeys) {

  /** Whether rows go against the order of their key, in which parents mostly come first. */
  boolean childrenFirst() {
    return !ownKeys.isEmpty();
  }

  /** The key's columns, each with the table's name. */
  List<String> columns() {
    return key.stream().map(this::column).toList();
  }

  private String column(TargetColumn column) {
    return TableName.quote(table.name().name()) + "." + column.quoted();
  }

  /** A key as a row value, of the types that the columns have. */
  String literal(List<String> values) {
    StringBuilder row = new StringBuilder("(");
    for (int i = 0; i < key.size(); i++) {
      row.append(i == 0 ? "" : ", ")
          .append("CAST(")
          .append(Parameters.quote(values.get(i)))
          .append(" AS ")
          .append(key.get(i).type())
          .append(")");
    }
    return row.append(")").toString();
  }

  /** The columns as a row value. */
  String row() {
    return columns().stream().collect(Collectors.joining(", ", "(", ")"));
  }
}
