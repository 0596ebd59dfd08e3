package backfill.postgres.write;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.ForeignKey;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.catalog.TriggerCatalog;
import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The transaction that writes a batch, listed, with everything it touches beside the target. */
public final class BatchListing {
  private static final String END = "COMMIT";

  private final WriteTarget target;
  private final Table table;
  private final List<ForeignKey> checked;
  private final List<TriggerCatalog.Trigger> triggers;
  private final Optional<LedgerSlot> slot;

  private BatchListing(
      WriteTarget target,
      Table table,
      List<ForeignKey> checked,
      List<TriggerCatalog.Trigger> triggers,
      Optional<LedgerSlot> slot) {
    this.target = target;
    this.table = table;
    this.checked = checked;
    this.triggers = triggers;
    this.slot = slot;
  }

  /** Looks up what the step's statements set off. */
  public static BatchListing of(
      Plan plan,
      Step.Fill step,
      Map<String, Target> targets,
      WriteTarget target,
      String applicationName)
      throws SQLException {
    Table table = targets.get(step.name()).table();
    try (Connection connection = target.database().connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, target.lockTimeout(), Duration.ZERO)) {
      List<ForeignKey> checked =
          new ParentCatalog(inquiry)
              .foreignKeys(table).stream().filter(key -> checks(target, table, key)).toList();
      return new BatchListing(
          target,
          table,
          checked,
          new TriggerCatalog(inquiry).triggers(table, target.operation().event()),
          RunLedger.likeness(
                  plan,
                  targets.values().stream().map(filled -> filled.table().name()).toList(),
                  Operation.entry(step, target.operation()))
              .map(like -> like.keeping(KeepingRule.of(plan.settings(), step, table, target))));
    }
  }

  /** A foreign key of NULLs is not looked up, and neither is one that an UPDATE leaves as it is. */
  private static boolean checks(WriteTarget target, Table table, ForeignKey key) {
    return switch (target.operation()) {
      case INSERT_MISSING, INSERT_AND_NAME ->
          key.columns().stream()
              .allMatch(
                  column ->
                      target.gives(column) || table.column(column).orElseThrow().hasDefault());
      case COMPARE_AND_SET ->
          target.columns().stream()
              .filter(column -> !target.key().contains(column.name()))
              .anyMatch(value -> key.columns().contains(value.name()));
      case COMPARE_AND_DELETE -> false;
    };
  }

  /** From BEGIN to COMMIT. */
  public List<ListedStatement> statements() {
    List<ListedStatement> listed = new ArrayList<>();
    listed.add(new ListedStatement("BEGIN"));
    listed.add(begin());
    boolean cascades = !target.cascades().isEmpty();
    if (cascades) {
      listed.add(new ListedStatement(BatchStatement.deleted(target.cascades())));
    }
    listed.add(new ListedStatement(BatchStatement.TRY));
    if (target.protocol() == WriteProtocol.COPY) {
      listed.add(new ListedStatement(ofTheWrite(), BatchStatement.copy(target)));
    } else {
      heldBefore().ifPresent(listed::add);
      listed.add(new ListedStatement(ofTheArrays(), write()));
    }
    listed.add(new ListedStatement(lookedUp(true), BatchStatement.CHECK_NOW));
    if (target.protocol() == WriteProtocol.COPY) {
      listed.add(
          new ListedStatement(
              List.of("only where a key is there already, or the server refuses a row"),
              BatchStatement.UNDO));
      List<String> comments = new ArrayList<>(List.of("only then: the same rows again"));
      comments.addAll(ofTheArrays());
      listed.add(new ListedStatement(comments, write()));
      comments = new ArrayList<>(List.of("only then"));
      comments.addAll(lookedUp(true));
      listed.add(new ListedStatement(comments, BatchStatement.CHECK_NOW));
    }
    listed.add(new ListedStatement(BatchStatement.KEEP));
    if (cascades) {
      listed.add(new ListedStatement(BatchStatement.deleted(target.cascades())));
    }
    slot.ifPresent(ledger -> listed.add(entry(ledger)));
    listed.add(new ListedStatement("COMMIT"));
    return listed;
  }

  private String write() {
    return BatchStatement.sql(target, changes().named(), changes().images());
  }

  private BatchChanges changes() {
    return new BatchChanges(target, slot.map(LedgerSlot::keeping).orElse(Keeping.NOTHING));
  }

  /** What rows hold before they are set, where it is kept for undo. */
  private Optional<ListedStatement> heldBefore() {
    if (target.operation() != Operation.COMPARE_AND_SET || changes().images().isEmpty()) {
      return Optional.empty();
    }
    List<String> comments = new ArrayList<>();
    comments.add("what the rows hold, for undo");
    comments.add(TableLock.ROW_SHARE.on(table, END));
    comments.add(ofArrays());
    return Optional.of(
        new ListedStatement(comments, BatchStatement.heldBefore(target, changes().images())));
  }

  private ListedStatement begin() {
    String sql = BatchStatement.begin(target);
    return slot.map(
            ledger ->
                new ListedStatement(
                    List.of(
                        "shared advisory locks: a run that takes the lease over waits for the COMMIT",
                        TableLock.ACCESS_SHARE.on(new TableName(ledger.schema(), "run"), END)),
                    sql + new BatchLedger(ledger).fence(target.statementTimeout())))
        .orElse(new ListedStatement(sql));
  }

  private static ListedStatement entry(LedgerSlot ledger) {
    return new ListedStatement(
        List.of(
            TableLock.ROW_EXCLUSIVE.on(new TableName(ledger.schema(), "batch"), END),
            TableLock.ACCESS_SHARE.on(new TableName(ledger.schema(), "lease"), END)),
        new BatchLedger(ledger).entry());
  }

  private List<String> ofTheWrite() {
    List<String> comments = new ArrayList<>();
    comments.add(TableLock.ROW_EXCLUSIVE.on(table, END));
    comments.add(
        switch (target.operation()) {
          case INSERT_MISSING, INSERT_AND_NAME ->
              "and each new row: blocks an INSERT of the same key until COMMIT";
          case COMPARE_AND_SET ->
              "and FOR NO KEY UPDATE on each changed row: blocks UPDATE and DELETE of it until COMMIT";
          case COMPARE_AND_DELETE ->
              "and FOR UPDATE on each row that goes: blocks UPDATE and DELETE of it, and who refers to it, until COMMIT";
        });
    target.cascades().stream()
        .filter(cascade -> !cascade.target())
        .forEach(
            cascade ->
                comments.add(
                    "rows of %s that refer to these go along, one search of that table for each row"
                        .formatted(cascade.table())));
    if (target.operation().inserts()) {
      table.columns().stream()
          .filter(column -> !target.gives(column.name()))
          .flatMap(column -> column.sequence().stream())
          .forEach(sequence -> comments.add(TableLock.ROW_EXCLUSIVE.onSequence(sequence, END)));
    }
    comments.addAll(lookedUp(false));
    for (TriggerCatalog.Trigger trigger : triggers) {
      comments.add(
          "fires trigger %s, whose function %s() may take locks of its own"
              .formatted(trigger.name(), trigger.function()));
    }
    return comments;
  }

  private List<String> ofTheArrays() {
    List<String> comments = new ArrayList<>(ofTheWrite());
    comments.add(ofArrays());
    return comments;
  }

  private String ofArrays() {
    return "each ? is an array with a value for each row, in this order: "
        + String.join(
            ", ", BatchStatement.columns(target).stream().map(TargetColumn::name).toList());
  }

  private List<String> lookedUp(boolean deferred) {
    List<String> comments = new ArrayList<>();
    for (ForeignKey key : checked) {
      if (key.deferred() == deferred) {
        comments.add(TableLock.ROW_SHARE.on(key.referenced(), END));
        comments.add(
            "and FOR KEY SHARE on each row that %s refers to: blocks DELETE of it, and a change of its key, until COMMIT"
                .formatted(String.join(", ", key.columns())));
      }
    }
    return comments;
  }
}
