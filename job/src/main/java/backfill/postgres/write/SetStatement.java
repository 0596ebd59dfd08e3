package backfill.postgres.write;

import backfill.postgres.catalog.TargetColumn;
import java.util.ArrayList;
import java.util.List;

/** The statements by which rows that are there get the values of a batch. */
final class SetStatement {
  private SetStatement() {}

  /**
   * Sets each row whose key is there and of which a value differs, NULL counting as a value;
   * answers with the places of those that it set. So a batch that is written again writes nothing.
   */
  static String set(WriteTarget target) {
    List<String> set = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (!target.key().contains(column.name())) {
        set.add(column.quoted() + " = " + BatchStatement.value(column, i));
      }
    }
    // A comparison by an operator of its own may be NULL where one of both is.
    return "UPDATE "
        + target.table().quoted()
        + " AS t SET "
        + String.join(", ", set)
        + " FROM "
        + BatchStatement.rows(target)
        + " WHERE "
        + ours(target)
        + " AND ("
        + String.join(" AND ", alike(target))
        + ") IS NOT TRUE RETURNING n.place";
  }

  /** Answers with the places of rows that are there with all of their values. */
  static String held(WriteTarget target) {
    return there(target) + " AND " + String.join(" AND ", alike(target));
  }

  /** Answers with the places of rows whose key is there, in a row that may be set. */
  static String there(WriteTarget target) {
    return "SELECT n.place FROM "
        + target.table().quoted()
        + " AS t, "
        + BatchStatement.rows(target)
        + " WHERE "
        + ours(target);
  }

  private static String ours(WriteTarget target) {
    List<String> where = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (target.key().contains(column.name())) {
        where.add(column.same("t." + column.quoted(), BatchStatement.value(column, i)));
      }
    }
    if (!target.newRows().among().isEmpty()) {
      where.add(target.newRows().among());
    }
    if (!target.owned().isEmpty()) {
      where.add(target.owned());
    }
    return String.join(" AND ", where);
  }

  private static List<String> alike(WriteTarget target) {
    List<String> alike = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (!target.key().contains(column.name())) {
        alike.add(column.unchanged("t." + column.quoted(), BatchStatement.value(column, i)));
      }
    }
    return alike;
  }

  /**
   * Answers with a number for the key of each row, the same for two keys that the server takes for
   * one: the column lends its collation.
   */
  static String hashes(WriteTarget target) {
    List<String> key = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (target.key().contains(column.name())) {
        key.add("coalesce(" + BatchStatement.value(column, i) + ", t." + column.quoted() + ")");
      }
    }
    return "SELECT pg_catalog.hash_record_extended(ROW("
        + String.join(", ", key)
        + "), 0) FROM "
        + BatchStatement.rows(target)
        + " LEFT JOIN "
        + target.table().quoted()
        + " AS t ON false ORDER BY n.place";
  }
}
