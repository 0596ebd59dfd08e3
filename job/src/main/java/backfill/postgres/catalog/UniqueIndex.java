package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A unique index as the catalog has it.
 *
 * @param columns its key columns in its order, without INCLUDE columns and expressions
 * @param expressions whether part of its key is an expression
 * @param valid whether it is complete and kept up to date
 * @param immediate false for a deferrable constraint
 * @param predicate the condition of a partial index
 * @param looseCollation a collation of its own by which different texts are the same key, if any
 * @param dependsOn every column that key and predicate name
 */
public record UniqueIndex(
    String name,
    List<String> columns,
    boolean expressions,
    boolean valid,
    boolean immediate,
    Optional<String> predicate,
    Set<String> dependsOn,
    boolean nullsNotDistinct,
    Optional<TableName> looseCollation) {

  /** Whether it is on exactly these columns, in any order. */
  public boolean isOn(List<String> key) {
    return !expressions
        && columns.size() == key.size()
        && Set.copyOf(columns).equals(Set.copyOf(key));
  }
}
