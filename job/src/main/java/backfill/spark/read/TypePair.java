package backfill.spark.read;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.snapshot.KeyShape;
import backfill.spark.query.PairColumnNames;
import java.io.Serializable;
import java.util.List;

/**
 * Of which types the columns of some pairs are.
 *
 * @param level integers or texts; null where the pairs have no level
 */
public record TypePair(KeyShape key, KeyShape member, KeyType level) implements Serializable {

  /** Of pairs without levels. */
  public TypePair(KeyShape key, KeyShape member) {
    this(key, member, null);
  }

  /** Those of a table's columns, which preflight has looked at. */
  static TypePair of(Table table, PairColumnNames columns) {
    return new TypePair(
        of(table, columns.key()), of(table, columns.member()), level(table, columns.level()));
  }

  /** Whatever is no integer is read as text: a level may be an enum's. */
  private static KeyType level(Table table, String column) {
    return column == null
        ? null
        : table
            .column(column)
            .flatMap(KeyType::of)
            .filter(KeyType.INTEGER::equals)
            .orElse(KeyType.TEXT);
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
