package backfill.postgres.explain;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A source's column beside the target's that its keys go into. A {@code varchar(n)} drops the
 * blanks of a text beyond so many characters, so that a key may be stored as another text.
 *
 * @param column the source's
 * @param characters how many the target's column takes, where the source's may have more; else 0
 */
record Stored(Column column, int characters) {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  static Stored in(Column target, Column source) {
    int most = characters(target);
    return new Stored(source, characters(source) > most ? most : 0);
  }

  /** A key that is only compared with others of its kind, as a group's. */
  static Stored asItIs(Column column) {
    return new Stored(column, 0);
  }

  /** How many characters a text of the column may have. */
  static int characters(Column column) {
    Matcher bounded = VARCHAR.matcher(column.storedType());
    return bounded.matches() ? Integer.parseInt(bounded.group(1)) : Integer.MAX_VALUE;
  }

  KeyType type() {
    return Relation.type(column);
  }

  /** The key as the target stores it. */
  String value() {
    return characters == 0
        ? Relation.value(column)
        : "CASE WHEN "
            + beyond()
            + " = '' THEN pg_catalog.left("
            + Relation.value(column)
            + ", "
            + characters
            + ") ELSE "
            + Relation.value(column)
            + " END";
  }

  /** Adds that the target would store this key; by an index, where the source has one. */
  Sql is(Sql sql, String key) {
    boolean full = characters > 0 && key.codePointCount(0, key.length()) == characters;
    if (!full) {
      return sql.add(Relation.quoted(column) + " = ").addKey(key, type());
    }
    return sql.add("(" + Relation.quoted(column) + " = ")
        .addKey(key, type())
        .add(" OR " + beyond() + " = '' AND " + value() + " = ")
        .addKey(key, type())
        .add(")");
  }

  /** Adds that it is one of some keys as they are. */
  Sql isAnyOf(Sql sql, Collection<String> keys) {
    return sql.add(Relation.quoted(column)).addAnyOf(keys.stream().distinct().toList(), type());
  }

  private String beyond() {
    return "pg_catalog.rtrim(pg_catalog.substr("
        + Relation.value(column)
        + ", "
        + (characters + 1)
        + "), ' ')";
  }
}
