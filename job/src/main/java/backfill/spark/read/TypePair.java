package backfill.spark.read;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.spark.query.PairColumnNames;
import java.io.Serializable;

/** Of which types the two columns of some pairs are. */
public record TypePair(KeyType key, KeyType member) implements Serializable {

  /** Those of a table's columns, which preflight has looked at. */
  static TypePair of(Table table, PairColumnNames columns) {
    return new TypePair(of(table, columns.key()), of(table, columns.member()));
  }

  private static KeyType of(Table table, String column) {
    return table.column(column).flatMap(KeyType::of).orElseThrow();
  }

  /** Whether one of them needs a dictionary. */
  public boolean coded() {
    return key != KeyType.INTEGER || member != KeyType.INTEGER;
  }
}
