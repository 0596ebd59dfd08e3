package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
  public record Key(
      List<String> columns,
      boolean expressions,
      boolean nullsNotDistinct,
      Optional<TableName> looseCollation) {}

  public List<String> columns() {
    return key.columns();
  }

  public boolean expressions() {
    return key.expressions();
  }

  public boolean nullsNotDistinct() {
    return key.nullsNotDistinct();
  }

  public Optional<TableName> looseCollation() {
    return key.looseCollation();
  }

  /** Whether it is on exactly these columns, in any order. */
  public boolean isOn(List<String> others) {
    return !key.expressions()
        && key.columns().size() == others.size()
        && Set.copyOf(key.columns()).equals(Set.copyOf(others));
  }
}
