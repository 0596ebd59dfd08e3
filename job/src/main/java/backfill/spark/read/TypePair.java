package backfill.spark.read;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.snapshot.KeyShape;
import backfill.spark.query.PairColumnNames;
import java.io.Serializable;
import java.util.List;

/** Of which types the two keys of some pairs are. */
public record TypePair(KeyShape key, KeyShape member) implements Serializable {

  /** Those of a table's columns, which preflight has looked at. */
  static TypePair of(Table table, PairColumnNames columns) {
    return new TypePair(of(table, columns.key()), of(table, columns.member()));
  }

  private static KeyShape of(Table table, List<String> columns) {
    return KeyShape.of(
        columns.stream()
            .map(column -> table.column(column).flatMap(KeyType::of).orElseThrow())
            .toList());
  }

  /** Whether one of them needs a dictionary. */
  public boolean coded() {
    return !key.isInteger() || !member.isInteger();
  }
}
