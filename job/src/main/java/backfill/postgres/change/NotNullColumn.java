package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.ledger.Lease;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A column on its way to NOT NULL, and the CHECK that takes it there: with a valid one the server
 * need not look at every row while it keeps everybody waiting.
 *
 * @param table quoted, with its schema
 */
record NotNullColumn(String table, String shownTable, String column, State state) {
  /** PostgreSQL cuts off a longer name. */
  private static final int LONGEST_NAME = 63;

  private static final String PREFIX = "backfill_";
  private static final String SUFFIX = "_not_null";

  /**
   * @param notNull whether the column is, for all its rows
   * @param helper whether our CHECK is there
   * @param valid whether it holds for all rows
   */
  record State(boolean notNull, boolean helper, boolean valid) {
    boolean done() {
      return notNull && !helper;
    }
  }

  static List<NotNullColumn> of(Inquiry inquiry, Step.Ddl step, Definition.NotNull notNull)
      throws SQLException {
    List<NotNullColumn> columns = new ArrayList<>();
    for (String written : notNull.columns()) {
      columns.add(
          of(inquiry, written)
              .orElseThrow(
                  () ->
                      new ChangeFailedException(
                          "step " + step.name() + ": there is no column " + written)));
    }
    return columns;
  }

  /** Empty where there is no such column. */
  static Optional<NotNullColumn> of(Inquiry inquiry, String written) throws SQLException {
    Optional<NamedObject> object =
        NamedObject.of(inquiry, written, written, Set.of(), new Findings())
            .filter(found -> found.column().isPresent());
    Optional<Long> table = object.isEmpty() ? Optional.empty() : object.get().table(inquiry);
    if (table.isEmpty() || object.get().state(inquiry) == NamedObject.State.ABSENT) {
      return Optional.empty();
    }
    TableName name = new Catalog(inquiry).table(table.get()).name();
    String column = object.get().column().get();
    return Optional.of(
        new NotNullColumn(
            name.quoted(), name.toString(), column, state(inquiry, name.quoted(), column)));
  }

  /** As it is now. */
  NotNullColumn recheck(Inquiry inquiry) throws SQLException {
    return new NotNullColumn(table, shownTable, column, state(inquiry, table, column));
  }

  /**
   * From PostgreSQL 18 on a column can be NOT NULL for its new rows alone, by a constraint of kind
   * {@code n} that is not valid.
   */
  private static State state(Inquiry inquiry, String table, String column) throws SQLException {
    return inquiry.one(
        """
        SELECT a.attnotnull AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
                   AND NOT n.convalidated AND n.conkey = ARRAY[a.attnum]) AS not_null,
               c.oid IS NOT NULL AS helper, coalesce(c.convalidated, false) AS valid
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_constraint c ON c.conrelid = a.attrelid AND c.contype = 'c' AND c.conname = ?
        WHERE a.attrelid = pg_catalog.to_regclass(?) AND a.attname = ? AND NOT a.attisdropped""",
        row ->
            new State(
                row.getBoolean("not_null"), row.getBoolean("helper"), row.getBoolean("valid")),
        helper(column),
        table,
        column);
  }

  /** The CHECK's name: the column says it, and where that is too long a digest of it. */
  static String helper(String column) {
    String name = PREFIX + column + SUFFIX;
    if (name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME) {
      return name;
    }
    return PREFIX + Long.toHexString(Lease.lockKey("helper", column)) + SUFFIX;
  }

  String addHelper() {
    return "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID"
        .formatted(table, TableName.quote(helper(column)), TableName.quote(column));
  }

  String validate() {
    return "ALTER TABLE " + table + " VALIDATE CONSTRAINT " + TableName.quote(helper(column));
  }

  String setNotNull() {
    return "ALTER TABLE " + table + " ALTER COLUMN " + TableName.quote(column) + " SET NOT NULL";
  }

  String dropHelper() {
    return "ALTER TABLE " + table + " DROP CONSTRAINT " + TableName.quote(helper(column));
  }

  String countNulls() {
    return "SELECT count(*) FROM " + table + " WHERE " + TableName.quote(column) + " IS NULL";
  }

  /** For people. */
  @Override
  public String toString() {
    return shownTable + "." + column;
  }
}
