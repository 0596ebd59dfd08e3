package backfill.postgres.change;

import backfill.plan.Step;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The statements of a {@code batches} step. Keys stand in them as literals and not as parameters: a
 * plan's own SQL may hold question marks, which JDBC would take for its own. The plan's SQL ends in
 * a line of its own, because it may end in a comment.
 */
final class InPlaceSql {
  private final Step.InPlace step;
  private final ChangeTarget target;
  private final String where;
  private final List<String> set = new ArrayList<>();

  InPlaceSql(Step.InPlace step, ChangeTarget target, ChangeScope scope) {
    this.step = step;
    this.target = target;
    this.where = "(" + scope.inline(step.where()) + "\n)";
    step.set()
        .forEach(
            (column, value) ->
                set.add(TableName.quote(column) + " = (" + scope.inline(value) + "\n)"));
  }

  /** The step's condition, and none of these keys. */
  String left(List<List<String>> without) {
    return without.isEmpty()
        ? where
        : where + " AND NOT EXISTS (SELECT FROM " + keys(without) + " WHERE " + sameKey() + ")";
  }

  /**
   * The next keys in order, as texts: an unlocked look, so that a long way to the next row that is
   * left keeps no one waiting.
   *
   * @param after null for the first ones
   * @param most how many
   */
  String next(List<String> after, List<List<String>> without, int most) {
    return "SELECT "
        + target.columns().stream().map(c -> c + "::text").collect(Collectors.joining(", "))
        + " FROM "
        + target.table().name().quoted()
        + " WHERE "
        + (after == null
            ? ""
            : target.row()
                + (target.childrenFirst() ? " < " : " > ")
                + target.literal(after)
                + " AND ")
        + left(without)
        + " ORDER BY "
        + target.columns().stream()
            .map(column -> target.childrenFirst() ? column + " DESC" : column)
            .collect(Collectors.joining(", "))
        + " LIMIT "
        + most;
  }

  /**
   * Sets or deletes those of these rows that the condition still holds for. Answers with the place
   * of each, and whether it would be found again. The bounds keep the server from looking at the
   * whole table for them.
   */
  String write(List<List<String>> keys) {
    String table = target.table().name().quoted();
    List<String> first = keys.get(target.childrenFirst() ? keys.size() - 1 : 0);
    List<String> last = keys.get(target.childrenFirst() ? 0 : keys.size() - 1);
    String rows =
        " WHERE "
            + target.row()
            + " >= "
            + target.literal(first)
            + " AND "
            + target.row()
            + " <= "
            + target.literal(last)
            + " AND "
            + sameKey()
            + " AND "
            + where
            + " RETURNING backfill_keys.backfill_place, ";
    return step.deletes()
        ? "DELETE FROM " + table + " USING " + keys(keys) + rows + "false"
        : "UPDATE "
            + table
            + " SET "
            + String.join(", ", set)
            + " FROM "
            + keys(keys)
            + rows
            + where
            + " IS TRUE";
  }

  /** The places of rows that the condition still holds for. */
  String stillThere(List<List<String>> keys) {
    return "SELECT backfill_keys.backfill_place FROM "
        + target.table().name().quoted()
        + ", "
        + keys(keys)
        + " WHERE "
        + sameKey()
        + " AND "
        + where;
  }

  private String sameKey() {
    List<String> same = new ArrayList<>();
    for (int i = 0; i < target.key().size(); i++) {
      same.add(
          target.columns().get(i)
              + " = backfill_keys.backfill_key_"
              + i
              + "::"
              + target.key().get(i).type());
    }
    return String.join(" AND ", same);
  }

  private String keys(List<List<String>> keys) {
    List<String> arrays = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < target.key().size(); i++) {
      int column = i;
      arrays.add(array(keys.stream().map(key -> key.get(column)).toList()));
      names.add("backfill_key_" + i);
    }
    return "(SELECT * FROM unnest("
        + String.join(", ", arrays)
        + ") WITH ORDINALITY) AS backfill_keys("
        + String.join(", ", names)
        + ", backfill_place)";
  }

  private static String array(List<String> values) {
    return Parameters.quote(
            values.stream()
                .map(value -> '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}")))
        + "::pg_catalog.text[]";
  }
}
