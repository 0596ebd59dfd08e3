package backfill.postgres.explain;

import backfill.membership.key.JoinedKey;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The columns of a source beside those of the target that their keys go into. A key of several is
 * one text here, that of {@link JoinedKey}.
 */
record Stored(List<Part> parts) {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  Stored {
    parts = List.copyOf(parts);
  }

  /**
   * One column. A {@code varchar(n)} of the target drops the blanks of a text beyond so many
   * characters, so that a key may be stored as another text.
   *
   * @param column the source's
   * @param characters how many the target's column takes, where the source's may have more; else 0
   */
  record Part(Column column, int characters) {
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

    private String beyond() {
      return "pg_catalog.rtrim(pg_catalog.substr("
          + Relation.value(column)
          + ", "
          + (characters + 1)
          + "), ' ')";
    }

    /** As a part of a text. */
    private String joined() {
      String text = "(" + value() + ")::pg_catalog.text";
      return type() == KeyType.TEXT
          ? "pg_catalog.replace(pg_catalog.replace("
              + text
              + " COLLATE pg_catalog.\"C\", '\\', '\\\\'), ',', '\\,')"
          : text;
    }
  }

  static Stored in(List<Column> target, List<Column> source) {
    List<Part> parts = new ArrayList<>();
    for (int place = 0; place < source.size(); place++) {
      int most = characters(target.get(place));
      Column column = source.get(place);
      parts.add(new Part(column, characters(column) > most ? most : 0));
    }
    return new Stored(parts);
  }

  /** A key that is only compared with others of its kind, as a group's. */
  static Stored asItIs(List<Column> columns) {
    return new Stored(columns.stream().map(column -> new Part(column, 0)).toList());
  }

  /** How many characters a text of the column may have. */
  static int characters(Column column) {
    Matcher bounded = VARCHAR.matcher(column.storedType());
    return bounded.matches() ? Integer.parseInt(bounded.group(1)) : Integer.MAX_VALUE;
  }

  /** Whether it is of several columns. */
  boolean isJoined() {
    return parts.size() > 1;
  }

  /** The names of its columns. */
  List<String> names() {
    return parts.stream().map(part -> part.column().name()).toList();
  }

  /** The type of {@link #value}. */
  KeyType type() {
    return isJoined() ? KeyType.TEXT : parts.get(0).type();
  }

  /** The key as the target stores it. */
  String value() {
    return isJoined()
        ? "(("
            + parts.stream().map(Part::joined).collect(Collectors.joining(" || ',' || "))
            + ") COLLATE pg_catalog.\"C\")"
        : parts.get(0).value();
  }

  /** The first column as it is, where there is no other. */
  String column() {
    return Relation.quoted(parts.get(0).column());
  }

  /** That the key is there. */
  String notNull() {
    return parts.stream()
        .map(part -> Relation.quoted(part.column()) + " IS NOT NULL")
        .collect(Collectors.joining(" AND "));
  }

  /** Adds that the target would store this key; by an index, where the source has one. */
  Sql is(Sql sql, String key) {
    List<String> values = values(key);
    for (int place = 0; place < parts.size(); place++) {
      parts.get(place).is(sql.add(place == 0 ? "" : " AND "), values.get(place));
    }
    return sql;
  }

  /** Adds that it is one of some keys as they are. */
  Sql isAnyOf(Sql sql, Collection<String> some) {
    List<String> keys = some.stream().distinct().toList();
    if (!isJoined()) {
      return sql.add(column()).addAnyOf(keys, type());
    }
    sql.add(
        names().stream()
            .map(TableName::quote)
            .collect(Collectors.joining(", ", "(", ") IN (SELECT * FROM unnest(")));
    List<List<String>> values = keys.stream().map(this::values).toList();
    for (int place = 0; place < parts.size(); place++) {
      int at = place;
      sql.add(place == 0 ? "" : ", ")
          .addAll(values.stream().map(each -> each.get(at)).toList(), parts.get(place).type());
    }
    return sql.add("))");
  }

  private List<String> values(String key) {
    return isJoined() ? JoinedKey.parts(key) : List.of(key);
  }
}
