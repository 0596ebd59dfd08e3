package backfill.spark;

import backfill.postgres.KeyType;
import backfill.postgres.Table;
import java.io.Serializable;

/** Of which types the two columns of some pairs are. */
record KeyTypes(KeyType key, KeyType member) implements Serializable {

  /** Those of a table's columns, which preflight has looked at. */
  static KeyTypes of(Table table, PairColumns columns) {
    return new KeyTypes(of(table, columns.key()), of(table, columns.member()));
  }

  private static KeyType of(Table table, String column) {
    return table.column(column).flatMap(KeyType::of).orElseThrow();
  }

  /** Whether one of them needs a dictionary. */
  boolean coded() {
    return key != KeyType.INTEGER || member != KeyType.INTEGER;
  }
}
