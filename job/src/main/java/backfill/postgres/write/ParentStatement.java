package backfill.postgres.write;

import backfill.postgres.catalog.ParentKey;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The statement that looks for the rows of a batch whose parents are absent. */
final class ParentStatement {
  private ParentStatement() {}

  /**
   * Answers with the place of each row that lacks a parent, and with the foreign key's place among
   * those of the target. A foreign key of which one column is NULL asks for no parent. Where rows
   * may refer to others of the batch, one of these will do, unless it lacks a parent itself.
   */
  static String absent(WriteTarget target) {
    List<ParentKey> keys = target.rejecting().parentKeys();
    List<Integer> own =
        IntStream.range(0, keys.size()).filter(i -> isOwn(target, keys.get(i))).boxed().toList();
    String rows = "n AS MATERIALIZED (SELECT * FROM " + BatchStatement.rows(target) + ")";
    String absent =
        IntStream.range(0, keys.size())
            .mapToObj(i -> absentParent(target, keys.get(i), i, own.contains(i)))
            .collect(Collectors.joining(" UNION ALL "));
    if (own.isEmpty()) {
      return "WITH " + rows + " " + absent + " ORDER BY 1, 2";
    }
    return "WITH RECURSIVE "
        + rows
        + ", a(place, key) AS (("
        + absent
        + ") UNION SELECT c.place, c.key FROM a JOIN n AS m ON m.place = a.place CROSS JOIN LATERAL ("
        + own.stream()
            .map(
                i ->
                    "SELECT n.place, %d::pg_catalog.int4 AS key FROM n WHERE %s AND %s"
                        .formatted(
                            i, same(target, keys.get(i), "m"), notInTable(target, keys.get(i))))
            .collect(Collectors.joining(" UNION ALL "))
        + ") AS c) SELECT place, key FROM a ORDER BY 1, 2";
  }

  /** Whether the rows of a batch may be each other's parents. */
  private static boolean isOwn(WriteTarget target, ParentKey key) {
    return key.parent().equals(target.table())
        && target.columns().stream()
            .map(TargetColumn::name)
            .toList()
            .containsAll(key.parentColumns());
  }

  private static String absentParent(
      WriteTarget target, ParentKey key, int number, boolean inBatch) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    List<String> where = new ArrayList<>();
    key.columns().forEach(column -> where.add("n.c" + names.indexOf(column) + " IS NOT NULL"));
    where.add(notInTable(target, key));
    if (inBatch) {
      where.add("NOT EXISTS (SELECT FROM n AS m WHERE " + same(target, key, "m") + ")");
    }
    return "SELECT n.place, "
        + number
        + "::pg_catalog.int4 FROM n WHERE "
        + String.join(" AND ", where);
  }

  private static String notInTable(WriteTarget target, ParentKey key) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    List<String> same = new ArrayList<>();
    for (int i = 0; i < key.columns().size(); i++) {
      int place = names.indexOf(key.columns().get(i));
      same.add(
          target
              .columns()
              .get(place)
              .equal(
                  "p." + TableName.quote(key.parentColumns().get(i)),
                  BatchStatement.value(target.columns().get(place), place)));
    }
    return "NOT EXISTS (SELECT FROM "
        + key.parent().quoted()
        + " AS p WHERE "
        + String.join(" AND ", same)
        + ")";
  }

  /** Whether a row of the batch is the parent of {@code n}. */
  private static String same(WriteTarget target, ParentKey key, String parent) {
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    List<String> same = new ArrayList<>();
    for (int i = 0; i < key.columns().size(); i++) {
      int above = names.indexOf(key.parentColumns().get(i));
      int place = names.indexOf(key.columns().get(i));
      same.add(
          target
              .columns()
              .get(place)
              .equal(
                  parent + ".c" + above + "::" + target.columns().get(above).type(),
                  BatchStatement.value(target.columns().get(place), place)));
    }
    return String.join(" AND ", same);
  }
}
