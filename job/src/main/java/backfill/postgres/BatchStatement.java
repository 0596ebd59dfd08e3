package backfill.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statements of a batch's transaction, and the one among them that writes it: its rows come in
 * as an array for each column. One statement keeps the count that a rewritten JDBC batch loses, and
 * costs one round trip whatever the number of rows.
 */
final class BatchStatement {
  /**
   * A deferred foreign key would otherwise fail at COMMIT, after the answer to which row it was is
   * lost.
   */
  static final String CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE";

  private BatchStatement() {}

  /**
   * Begins the transaction: asks for its number and sets its limits, for this transaction alone,
   * because behind transaction pooling a SET would leak.
   */
  static String begin(WriteTarget target) {
    return "SELECT pg_catalog.pg_current_xact_id()::text,"
        + setting("lock_timeout", target.lockTimeout().toMillis() + "ms")
        + ","
        + setting("statement_timeout", target.statementTimeout().toMillis() + "ms")
        + ","
        + setting("row_security", "off");
  }

  static String setting(String name, String value) {
    return " pg_catalog.set_config('" + name + "', '" + value + "', true)";
  }

  /** The SQL of a target's operation; its parameters are the arrays of {@link #columns}. */
  static String sql(WriteTarget target) {
    return switch (target.operation()) {
      case INSERT_MISSING -> insertMissing(target);
      case COMPARE_AND_SET -> compareAndSet(target);
    };
  }

  /** The columns of a batch: those of the row, then the expected values for a compare-and-set. */
  static List<TargetColumn> columns(WriteTarget target) {
    List<TargetColumn> columns = new ArrayList<>(target.columns());
    if (target.operation() == WriteTarget.Operation.COMPARE_AND_SET) {
      columns.addAll(target.values());
    }
    return columns;
  }

  private static String insertMissing(WriteTarget target) {
    return "INSERT INTO "
        + target.table().quoted()
        + " ("
        + target.columns().stream().map(TargetColumn::quoted).collect(Collectors.joining(", "))
        + ") SELECT "
        + IntStream.range(0, target.columns().size())
            .mapToObj(i -> value(target.columns().get(i), i))
            .collect(Collectors.joining(", "))
        + " FROM "
        + rows(target)
        + " "
        + target.onConflict()
        + " DO NOTHING";
  }

  private static String compareAndSet(WriteTarget target) {
    List<TargetColumn> columns = target.columns();
    List<String> set = new ArrayList<>();
    List<String> where = new ArrayList<>();
    int expected = columns.size();
    for (int i = 0; i < columns.size(); i++) {
      TargetColumn column = columns.get(i);
      if (target.key().contains(column.name())) {
        where.add("t." + column.quoted() + " = " + value(column, i));
      } else {
        set.add(column.quoted() + " = " + value(column, i));
        where.add("t." + column.quoted() + " IS NOT DISTINCT FROM " + value(column, expected));
        expected++;
      }
    }
    return "UPDATE "
        + target.table().quoted()
        + " AS t SET "
        + String.join(", ", set)
        + " FROM "
        + rows(target)
        + " WHERE "
        + String.join(" AND ", where)
        + " RETURNING n.place";
  }

  private static String rows(WriteTarget target) {
    List<TargetColumn> columns = columns(target);
    return "unnest("
        + columns.stream()
            .map(column -> "?::pg_catalog." + column.elementType() + "[]")
            .collect(Collectors.joining(", "))
        + ") WITH ORDINALITY AS n("
        + IntStream.range(0, columns.size())
            .mapToObj(i -> "c" + i + ", ")
            .collect(Collectors.joining())
        + "place)";
  }

  private static String value(TargetColumn column, int i) {
    return "n.c" + i + "::" + column.type();
  }
}
