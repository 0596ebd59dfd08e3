package backfill.postgres;

import java.util.List;
import java.util.Optional;

/** A table that a foreign key of a target refers to, and that we may read. */
public record ParentTable(ParentKey key, Table table) {
  private static final List<String> INTEGERS = List.of("smallint", "integer", "bigint");

  /** The column that is referred to, where it is one alone and of integers. */
  public Optional<String> integerColumn() {
    return key.parentColumns().size() == 1
        ? table
            .column(key.parentColumns().get(0))
            .filter(column -> INTEGERS.contains(column.type()))
            .map(Column::name)
        : Optional.empty();
  }
}
