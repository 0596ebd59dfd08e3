package backfill.postgres.explain;

import backfill.plan.sql.Placeholders;
import backfill.postgres.catalog.KeyType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A statement with its values, put together piece by piece: as the driver takes it, and as people
 * read it, where a value's place is {@code $1}.
 */
final class Sql {
  /** Of a list of keys, people are shown so many. */
  private static final int SHOWN_OF_A_LIST = 20;

  private final StringBuilder sent = new StringBuilder();
  private final StringBuilder shown = new StringBuilder();
  private final List<Placed> values = new ArrayList<>();

  /**
   * One value.
   *
   * @param texts a single one, unless {@code many}
   * @param type as which the server takes each
   */
  private record Placed(List<String> texts, String type, boolean many) {
    @Override
    public String toString() {
      if (!many) {
        return texts.get(0);
      }
      String list = String.join(", ", texts.subList(0, Math.min(texts.size(), SHOWN_OF_A_LIST)));
      return texts.size() <= SHOWN_OF_A_LIST
          ? list
          : list + " and " + (texts.size() - SHOWN_OF_A_LIST) + " more";
    }
  }

  /** SQL of ours, without a question mark. */
  Sql add(String sql) {
    sent.append(sql);
    shown.append(sql);
    return this;
  }

  /** A condition of the plan's; the line's end is for one that ends in a comment. */
  Sql addCondition(String condition) {
    sent.append('(').append(Placeholders.escapeQuestionMarks(condition)).append("\n)");
    shown.append('(').append(condition).append("\n)");
    return this;
  }

  /** A key, cast to its type. */
  Sql addKey(String key, KeyType type) {
    return add(new Placed(List.of(key), "pg_catalog." + type.element(), false));
  }

  /** A value, cast to this type. */
  Sql addValue(String value, String type) {
    return add(new Placed(List.of(value), type, false));
  }

  /** Any of some keys. */
  Sql addAnyOf(List<String> keys, KeyType type) {
    add(" = ANY (");
    add(new Placed(keys, "pg_catalog." + type.element(), true));
    return add(")");
  }

  /** Some keys as a list. */
  Sql addAll(List<String> keys, KeyType type) {
    return add(new Placed(keys, "pg_catalog." + type.element(), true));
  }

  private Sql add(Placed value) {
    values.add(value);
    String type = "::" + value.type() + (value.many() ? "[]" : "");
    sent.append('?').append(type);
    shown.append('$').append(values.size()).append(type);
    return this;
  }

  PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sent.toString());
    for (int i = 0; i < values.size(); i++) {
      Placed value = values.get(i);
      if (value.many()) {
        statement.setArray(
            i + 1,
            connection.createArrayOf(
                value.type().replaceFirst(".*[.]", ""), value.texts().toArray()));
      } else {
        statement.setString(i + 1, value.texts().get(0));
      }
    }
    return statement;
  }

  /** What stands in the places of values, a line each. */
  List<String> shownValues() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      lines.add("$" + (i + 1) + " = " + values.get(i));
    }
    return lines;
  }

  /** For people. */
  @Override
  public String toString() {
    return shown.toString();
  }
}
