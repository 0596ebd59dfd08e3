package backfill.postgres.catalog;

import backfill.plan.Step;
import java.util.List;

/** A table that a foreign key of a target refers to, and that we may read. */
public record ParentTable(ParentKey key, Table table) {
  /** Whether each column that is referred to is of a type that keys have. */
  public boolean hasKeys() {
    return key.parentColumns().stream()
        .allMatch(name -> table.column(name).flatMap(KeyType::of).isPresent());
  }

  /** The type of one of them. */
  public KeyType type(String parentColumn) {
    return table.column(parentColumn).flatMap(KeyType::of).orElseThrow();
  }

  /**
   * The columns whose values a step reads to know which parents there were; none where it goes
   * without. A step of rows knows single integers alone, and one of pairs what its objects or its
   * users name.
   */
  public List<String> readBy(Step.Fill step) {
    List<String> columns = key.columns();
    boolean known =
        step instanceof Step.Pairs pairs
            ? columns.size() == 1
                || same(columns, pairs.into().object())
                || same(columns, pairs.into().user())
            : columns.size() == 1;
    return known && hasKeys() && (step instanceof Step.Pairs || isInteger())
        ? key.parentColumns()
        : List.of();
  }

  /** Whether what is referred to is one integer. */
  public boolean isInteger() {
    return key.parentColumns().size() == 1
        && hasKeys()
        && type(key.parentColumns().get(0)) == KeyType.INTEGER;
  }

  private static boolean same(List<String> some, List<String> others) {
    return some.size() == others.size() && some.containsAll(others);
  }
}
