package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.TableName;
import backfill.postgres.write.BatchStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The statements of a step that changes the database from within, with the locks that they take.
 */
public final class ChangeListing {
  private static final String END = "COMMIT";

  private final ChangeScope scope;
  private final FoundChangeTargets changes;

  public ChangeListing(ChangeScope scope, FoundChangeTargets changes) {
    this.scope = scope;
    this.changes = changes;
  }

  /** In their order; what a step has to do is asked of the catalog first, which is not listed. */
  public List<ListedStatement> of(Step.Change step) throws SQLException {
    if (step instanceof Step.InPlace batches) {
      ChangeTarget target = changes.targets().get(step.name());
      return target == null ? List.of() : batches(batches, target);
    }
    return ddl((Step.Ddl) step);
  }

  private List<ListedStatement> batches(Step.InPlace step, ChangeTarget target) {
    InPlaceSql sql = new InPlaceSql(step, target, scope);
    List<String> key = target.key().stream().map(column -> "…").toList();
    List<ListedStatement> listed = new ArrayList<>();
    listed.add(
        new ListedStatement(
            List.of(
                TableLock.ACCESS_SHARE.on(target.table(), "it is answered"),
                "looks for the next keys, without a lock on a row; … is the last one of the batch before"),
            sql.next(key, List.of(), step.write().rowsPerBatch())));
    listed.add(new ListedStatement("BEGIN"));
    listed.add(new ListedStatement(scope.begin(step.write().statementTimeout(), Optional.empty())));
    listed.add(new ListedStatement(BatchStatement.TRY));
    List<String> comments = new ArrayList<>();
    comments.add(TableLock.ROW_EXCLUSIVE.on(target.table(), END));
    comments.add(
        step.deletes()
            ? "and FOR UPDATE on each row: blocks UPDATE and DELETE of it, and new rows that refer to it, until COMMIT"
            : "and FOR NO KEY UPDATE on each row: blocks UPDATE and DELETE of it until COMMIT");
    for (Map.Entry<Long, TableName> child : target.cascades().children().entrySet()) {
      comments.add(TableLock.ROW_EXCLUSIVE.on(child.getValue(), END));
      comments.add("and FOR UPDATE on each row of it that goes along");
    }
    comments.add("… are the keys that the look before gave");
    listed.add(new ListedStatement(comments, sql.write(List.of(key))));
    listed.add(new ListedStatement(BatchStatement.CHECK_NOW));
    listed.add(new ListedStatement(BatchStatement.KEEP));
    listed.add(new ListedStatement(END));
    return listed;
  }

  private List<ListedStatement> ddl(Step.Ddl step) throws SQLException {
    Table table = changes.tables().get(step.name());
    Definition definition = step.definition();
    if (definition instanceof Definition.NotNull notNull) {
      return notNull(step, notNull, table);
    }
    if (definition instanceof Definition.EnumValues values) {
      return scope
          .ask(inquiry -> EnumLabels.append(inquiry, values))
          .map(sql -> transaction(new ListedStatement(sql)))
          .orElse(List.of());
    }
    String sql =
        scope.inline(
            definition instanceof Definition.Creates creates
                ? creates.statement()
                : ((Definition.Drops) definition).statement());
    DdlText text = new DdlText(sql);
    List<String> comments = new ArrayList<>();
    boolean alone = text.concurrently();
    if (table != null && text.lock().isPresent()) {
      comments.add(text.lock().get().on(table, alone ? "its end" : END));
    }
    if (alone) {
      comments.add(
          "in no transaction; waits until those that use the table now have ended, and nobody who reads or writes waits for it");
    }
    ListedStatement listed = new ListedStatement(comments, sql);
    return alone ? List.of(listed) : transaction(listed);
  }

  private List<ListedStatement> notNull(Step.Ddl step, Definition.NotNull notNull, Table table) {
    List<ListedStatement> listed = new ArrayList<>();
    if (table == null) {
      return listed;
    }
    for (String written : notNull.columns()) {
      String column = written.substring(written.lastIndexOf('.') + 1);
      NotNullColumn one =
          new NotNullColumn(
              table.name().quoted(),
              table.name().toString(),
              column,
              new NotNullColumn.State(false, false, false));
      String all = TableLock.ACCESS_EXCLUSIVE.on(table, END);
      listed.addAll(transaction(new ListedStatement(List.of(all), one.addHelper())));
      listed.addAll(
          transaction(
              new ListedStatement(
                  List.of(TableLock.SHARE_UPDATE_EXCLUSIVE.on(table, END)), one.validate())));
      listed.addAll(transaction(new ListedStatement(List.of(all), one.setNotNull())));
      listed.addAll(transaction(new ListedStatement(List.of(all), one.dropHelper())));
    }
    return listed;
  }

  private List<ListedStatement> transaction(ListedStatement statement) {
    return List.of(
        new ListedStatement("BEGIN"),
        new ListedStatement(scope.begin(Duration.ZERO, Optional.empty())),
        statement,
        new ListedStatement(END));
  }
}
