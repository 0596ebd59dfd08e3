package backfill.postgres.write;

import backfill.plan.sql.Placeholders;
import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The statements of a batch's transaction: the one that writes it, and those that look for the rows
 * it did not take. Rows come in as an array for each column. One statement keeps the count that a
 * rewritten JDBC batch loses, and costs one round trip whatever the number of rows.
 */
public final class BatchStatement {
  /**
   * A deferred foreign key would otherwise fail at COMMIT, after the answer to which row it was is
   * lost.
   */
  public static final String CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE";

  /** From here on rows can be taken back without the transaction. */
  public static final String TRY = "SAVEPOINT rows";

  /** After a try that failed. */
  public static final String UNDO = "ROLLBACK TO SAVEPOINT rows";

  /** After a try that the server took. */
  public static final String KEEP = "RELEASE SAVEPOINT rows";

  private BatchStatement() {}

  /**
   * Begins the transaction: asks for its number and sets its limits, for this transaction alone,
   * because behind transaction pooling a SET would leak.
   */
  static String begin(WriteTarget target) {
    return begin(target.lockTimeout(), target.statementTimeout());
  }

  /** The first statement of a transaction that waits so long; a timeout of zero is none. */
  public static String begin(Duration lockTimeout, Duration statementTimeout) {
    return "SELECT pg_catalog.pg_current_xact_id()::text,"
        + SessionSettings.untilCommit("lock_timeout", lockTimeout.toMillis() + "ms")
        + ","
        + SessionSettings.untilCommit("statement_timeout", statementTimeout.toMillis() + "ms")
        + ","
        + SessionSettings.untilCommit("row_security", "off");
  }

  /**
   * The SQL of a target's operation; its parameters are the arrays of {@link #columns}.
   *
   * @param named whether rows that are left out are named, also where the operation only counts
   * @param images columns whose texts stand behind the place of each row that is set or deleted:
   *     what it holds since, or held before it went
   */
  static String sql(WriteTarget target, boolean named, List<TargetColumn> images) {
    return switch (target.operation()) {
      case INSERT_MISSING -> named ? insertAndName(target) : insertMissing(target, rows(target));
      case INSERT_AND_NAME -> insertAndName(target);
      case COMPARE_AND_SET -> compareAndSet(target) + texts(images);
      case COMPARE_AND_DELETE -> compareAndDelete(target) + texts(images);
    };
  }

  /**
   * Answers with the places of rows that hold the expected values, each with what these columns
   * hold; from here on no other transaction changes them.
   */
  static String heldBefore(WriteTarget target, List<TargetColumn> images) {
    return "SELECT n.place"
        + texts(images)
        + " FROM "
        + target.table().quoted()
        + " AS t, "
        + rows(target)
        + " WHERE "
        + asRead(target)
        + " FOR NO KEY UPDATE OF t";
  }

  /** These columns of row {@code t} as the server writes them, to go behind others. */
  public static String texts(List<TargetColumn> images) {
    return images.stream()
        .map(image -> ", t." + image.quoted() + "::pg_catalog.text")
        .collect(Collectors.joining());
  }

  /** The same for rows that are copied, whole or not at all. */
  static String copy(WriteTarget target) {
    return "COPY "
        + target.table().quoted()
        + " ("
        + target.columns().stream().map(TargetColumn::quoted).collect(Collectors.joining(", "))
        + ") FROM STDIN";
  }

  /** Asks what this transaction has deleted so far, a column for each table. */
  static String deleted(List<CascadedTable> cascades) {
    return "SELECT "
        + cascades.stream()
            .map(
                cascade ->
                    cascade.oids().stream()
                        .map(oid -> "pg_catalog.pg_stat_get_xact_tuples_deleted(" + oid + ")")
                        .collect(Collectors.joining(" + ")))
            .collect(Collectors.joining(", "));
  }

  /** The columns of a batch: those of the row, then the expected values for a compare-and-set. */
  static List<TargetColumn> columns(WriteTarget target) {
    List<TargetColumn> columns = new ArrayList<>(target.columns());
    if (target.operation() == Operation.COMPARE_AND_SET) {
      columns.addAll(target.compared());
    }
    return columns;
  }

  /**
   * Answers with the places of rows whose key is not in the table. Where no key is NULL, the
   * arbiter's index can answer.
   */
  static String absentRows(WriteTarget target, Batch rows) {
    List<String> same = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (target.key().contains(column.name())) {
        same.add(
            rows.hasNull(i)
                ? column.unchanged("t." + column.quoted(), value(column, i))
                : column.same("t." + column.quoted(), value(column, i)));
      }
    }
    return "SELECT n.place FROM " + rows(target) + " WHERE " + absent(target, same);
  }

  /** Whether no row of the target has the same key, as far as the arbiter looks. */
  private static String absent(WriteTarget target, List<String> same) {
    return "NOT EXISTS (SELECT FROM "
        + target.table().quoted()
        + " AS t WHERE "
        + String.join(" AND ", same)
        + (target.newRows().among().isEmpty() ? "" : " AND " + target.newRows().among())
        + ")";
  }

  /** Answers with the places of rows that would not be the writer's own. */
  static String notOwned(WriteTarget target) {
    return "SELECT n.place FROM "
        + rows(target)
        + " WHERE "
        + target.newRows().owned()
        + " IS NOT TRUE";
  }

  /** The condition on new rows as batches of a target of these columns hold them. */
  static String owned(OwnedRows owned, TableName table, List<TargetColumn> columns) {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      given.put(columns.get(i).name(), value(columns.get(i), i));
    }
    return owned.ofNewRow(table, given);
  }

  /** Answers with the places of rows that hold the expected values. */
  static String rowsAsRead(WriteTarget target) {
    return "SELECT n.place FROM "
        + target.table().quoted()
        + " AS t, "
        + rows(target)
        + " WHERE "
        + asRead(target);
  }

  /** Rows come from {@code n}, and so does the answer: the places of those that were there. */
  private static String insertAndName(WriteTarget target) {
    List<String> same = new ArrayList<>();
    List<String> key = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (target.key().contains(column.name())) {
        key.add(column.quoted());
        same.add(column.same("a." + column.quoted(), value(column, i)));
      }
    }
    return "WITH n AS MATERIALIZED (SELECT * FROM "
        + rows(target)
        + "), a AS ("
        + insertMissing(target, "n")
        + " RETURNING "
        + String.join(", ", key)
        + ") SELECT n.place FROM n WHERE NOT EXISTS (SELECT FROM a WHERE "
        + String.join(" AND ", same)
        + ")";
  }

  private static String insertMissing(WriteTarget target, String from) {
    return "INSERT INTO "
        + target.table().quoted()
        + " ("
        + Stream.concat(
                target.columns().stream().map(TargetColumn::quoted),
                target.each().stream().map(set -> TableName.quote(set.name())))
            .collect(Collectors.joining(", "))
        + ") SELECT "
        + Stream.concat(
                IntStream.range(0, target.columns().size())
                    .mapToObj(i -> value(target.columns().get(i), i)),
                target.each().stream()
                    .map(set -> "(" + Placeholders.escapeQuestionMarks(set.each()) + "\n)"))
            .collect(Collectors.joining(", "))
        + " FROM "
        + from
        + (target.newRows().looksFirst() ? " WHERE " + absent(target, sameKey(target)) : "")
        + " "
        + target.onConflict()
        + " DO NOTHING";
  }

  private static List<String> sameKey(WriteTarget target) {
    List<String> same = new ArrayList<>();
    for (int i = 0; i < target.columns().size(); i++) {
      TargetColumn column = target.columns().get(i);
      if (target.key().contains(column.name())) {
        same.add(column.same("t." + column.quoted(), value(column, i)));
      }
    }
    return same;
  }

  private static String compareAndSet(WriteTarget target) {
    List<TargetColumn> columns = target.columns();
    List<String> set = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      TargetColumn column = columns.get(i);
      if (!target.key().contains(column.name())) {
        set.add(column.quoted() + " = " + value(column, i));
      }
    }
    return "UPDATE "
        + target.table().quoted()
        + " AS t SET "
        + String.join(", ", set)
        + " FROM "
        + rows(target)
        + " WHERE "
        + asRead(target)
        + " RETURNING n.place";
  }

  private static String compareAndDelete(WriteTarget target) {
    return "DELETE FROM "
        + target.table().quoted()
        + " AS t USING "
        + rows(target)
        + " WHERE "
        + asRead(target)
        + " RETURNING n.place";
  }

  private static String asRead(WriteTarget target) {
    List<TargetColumn> columns = target.columns();
    boolean setsThem = target.operation() == Operation.COMPARE_AND_SET;
    List<String> where = new ArrayList<>();
    int expected = columns.size();
    for (int i = 0; i < columns.size(); i++) {
      TargetColumn column = columns.get(i);
      if (target.key().contains(column.name())) {
        where.add(column.same("t." + column.quoted(), value(column, i)));
      } else if (!setsThem) {
        where.add(column.unchanged("t." + column.quoted(), value(column, i)));
      } else if (!target.touched().contains(column.name())) {
        where.add(column.unchanged("t." + column.quoted(), value(column, expected)));
        expected++;
      }
    }
    if (!target.owned().isEmpty()) {
      where.add(target.owned());
    }
    return String.join(" AND ", where);
  }

  /** The rows of a batch as something to select from, which ends in {@code n}. */
  static String rows(WriteTarget target) {
    return rows(columns(target).stream().map(TargetColumn::elementType).toList());
  }

  /**
   * Rows that come in as an array for each column, as something to select from, which ends in
   * {@code n}: {@code n.c0} and so on are a row's values, {@code n.place} is its place, from 1 on.
   */
  public static String rows(List<String> elementTypes) {
    return "unnest("
        + elementTypes.stream()
            .map(type -> "?::pg_catalog." + type + "[]")
            .collect(Collectors.joining(", "))
        + ") WITH ORDINALITY AS n("
        + IntStream.range(0, elementTypes.size())
            .mapToObj(i -> "c" + i + ", ")
            .collect(Collectors.joining())
        + "place)";
  }

  /** A value of such a row. */
  public static String value(TargetColumn column, int i) {
    return "n.c" + i + "::" + column.type();
  }
}
