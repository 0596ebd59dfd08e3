package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A unique index as the catalog has it.
 *
 * @param key what it says is unique
 * @param valid whether it is complete and kept up to date
 * @param immediate false for a deferrable constraint
 * @param predicate the condition of a partial index
 * @param dependsOn every column that key and predicate name
 */
public record UniqueIndex(
    String name,
    Key key,
    boolean valid,
    boolean immediate,
    Optional<String> predicate,
    Set<String> dependsOn) {

  /**
   * What an index says is unique.
   *
   * @param columns its key columns in its order, without INCLUDE columns and expressions
   * @param expressions whether part of it is an expression
   * @param looseCollation a collation of its own by which different texts are the same key, if any
   */
  record Key(
      List<String> columns,
      boolean expressions,
      boolean nullsNotDistinct,
      Optional<TableName> looseCollation) {}

  public List<String> columns() {
    return key.columns();
  }

  boolean nullsNotDistinct() {
    return key.nullsNotDistinct();
  }

  Optional<TableName> looseCollation() {
    return key.looseCollation();
  }

  /** Whether a row's key alone does not tell that the index has it: its predicate names more. */
  boolean namesMoreThan(List<String> columns) {
    return !columns.containsAll(dependsOn);
  }

  /** The statement that makes one on all rows of a table. */
  public static String creating(Table table, List<String> columns) {
    return "CREATE UNIQUE INDEX %sON %s (%s)"
        .formatted(
            table.kind() == 'p' ? "" : "CONCURRENTLY ",
            table.name().quoted(),
            columns.stream().map(TableName::quote).collect(Collectors.joining(", ")));
  }

  /** Whether it is on exactly these columns, in any order. */
  public boolean isOn(List<String> others) {
    return !key.expressions()
        && key.columns().size() == others.size()
        && Set.copyOf(key.columns()).equals(Set.copyOf(others));
  }
}
