package backfill.postgres.catalog;

import backfill.plan.Step;
import java.util.Optional;

/** A table that a foreign key of a target refers to, and that we may read. */
public record ParentTable(ParentKey key, Table table) {
  /** The column that is referred to, where it is one alone and of a type that keys have. */
  public Optional<Column> keyColumn() {
    return key.parentColumns().size() == 1
        ? table.column(key.parentColumns().get(0)).filter(column -> KeyType.of(column).isPresent())
        : Optional.empty();
  }

  /**
   * The column whose values a step reads to know which parents there were; empty where it goes
   * without. A step of rows knows integers alone.
   */
  public Optional<Column> readBy(Step.Fill step) {
    return keyColumn()
        .filter(
            column ->
                step instanceof Step.Pairs || KeyType.of(column).orElseThrow() == KeyType.INTEGER);
  }
}
