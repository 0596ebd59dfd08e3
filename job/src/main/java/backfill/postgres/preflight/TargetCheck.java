package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.Arbiter;
import backfill.postgres.catalog.ArbiterRule;
import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.CoveringIndexes;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.IndexedRows;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.ReplicaIdentity;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.UnindexedKeys;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import backfill.postgres.write.SequenceForward;
import backfill.postgres.write.SetColumn;
import backfill.postgres.write.Target;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether a step's target can be filled: what holds for every kind of step; the rest is in its
 * kind's own check.
 */
final class TargetCheck {
  private final Inquiry inquiry;
  private final TriggerCheck triggers;
  private final Rights rights;
  private final int readers;
  private final PairsCheck pairs;
  private final RowsCheck rows;
  private final SetCheck set;
  private final ParentCatalog parents;
  private final SourceCheck conditions;
  private final Plan plan;
  private final String now;
  private final PendingObjects pending;
  private final Findings findings;

  /**
   * @param pending what earlier steps will make
   */
  TargetCheck(
      Inquiry inquiry,
      String user,
      Plan plan,
      String now,
      PendingObjects pending,
      Findings findings) {
    this.inquiry = inquiry;
    this.pending = pending;
    this.plan = plan;
    this.now = now;
    this.conditions = new SourceCheck(inquiry, user, findings);
    this.rights = new Rights(inquiry, user);
    this.readers = plan.settings().read().readers();
    this.triggers = new TriggerCheck(inquiry, findings);
    this.pairs = new PairsCheck(inquiry, rights, pending, findings);
    this.rows = new RowsCheck(rights, findings);
    this.set = new SetCheck(inquiry, pending, findings);
    this.parents = new ParentCatalog(inquiry);
    this.findings = findings;
  }

  /** Asks about the rights on all of them at once. */
  void ahead(Collection<Table> tables) throws SQLException {
    rights.ahead(tables);
  }

  /** What the step's statements are to a trigger. */
  static List<RowEvent> events(Step.Fill step) {
    return Operation.of(step).stream().map(Operation::event).toList();
  }

  /** The target, or reasons among the findings. */
  Optional<Target> check(Step.Fill step, Table table, Map<String, Table> sources, Shapes shapes)
      throws SQLException {
    if (!isFillable(step, table)) {
      return Optional.empty();
    }
    if (rights.hidesRows(table)) {
      findings.refuse(Findings.place(step), SourceCheck.rowSecurity(table));
    }
    if (step instanceof Step.Pairs own) {
      pairs.check(own, table, sources, shapes);
    } else if (step instanceof Step.Rows own) {
      rows.check(own, table, shapes);
    }
    if (events(step).contains(RowEvent.INSERT)) {
      List<String> written = shapes.outputs().getOrDefault(step.name(), step.written());
      for (Column column : SequenceForward.filled(table, written)) {
        rights.needSequenceSet(Findings.place(step), column.sequence().orElseThrow(), findings);
        rights.need(
            Findings.place(step), Privilege.SELECT, table, List.of(column.name()), findings);
      }
    }
    if (step.deletes()) {
      rights.needDelete(Findings.place(step), table, findings);
    }
    if (removesRevoked(step)) {
      // Each row is locked and looked at whole before it goes.
      for (Privilege right : List.of(Privilege.SELECT, Privilege.UPDATE, Privilege.DELETE)) {
        rights.needTable(Findings.place(step), right, table, findings);
      }
    }
    Cascades along = step.deletes() ? Cascades.of(inquiry, table) : Cascades.none(table);
    new ReplicaIdentity(inquiry, findings).check(Findings.place(step), along, changes(step));
    List<SetColumn> set =
        step instanceof Step.Pairs own ? this.set.check(own, table, plan, now) : List.of();
    Optional<OwnedRows> owned = owned(step, table, shapes, set);
    rights.adviseRanges(Findings.place(step), table, readers, findings);
    Map<RowEvent, List<String>> fired = new EnumMap<>(RowEvent.class);
    for (RowEvent event : events(step)) {
      fired.put(event, triggers.triggers(Findings.place(step), table, event));
      triggers.rules(Findings.place(step), table, event);
    }
    List<ParentTable> referred = referred(step, table, shapes);
    List<CascadedTable> cascades = cascades(step, along);
    Optional<Target> target =
        arbiter(step, table, owned)
            .map(arbiter -> new Target(table, arbiter, fired, referred, cascades, owned, set));
    refuseCopy(step, target, owned);
    return target;
  }

  /** {@code write.protocol = copy} where rows of this target cannot be copied. */
  private void refuseCopy(Step.Fill step, Optional<Target> target, Optional<OwnedRows> owned) {
    if (step.write().protocol() != Settings.Protocol.COPY) {
      return;
    }
    String place = Findings.place(step);
    List<SetColumn> each = target.map(Target::setInEach).orElse(List.of());
    if (!each.isEmpty()) {
      findings.refuse(
          place,
          "write.protocol is copy, and set gives each row a value of its own in %s, which COPY cannot; leave it at auto"
              .formatted(
                  each.stream()
                      .map(column -> TableName.quote(column.name()))
                      .sorted()
                      .collect(Collectors.joining(", "))));
    } else if (owned.filter(OwnedRows::asked).isPresent()) {
      findings.refuse(
          place,
          "write.protocol is copy, and owns is asked of each new row, which COPY cannot; leave it at auto");
    } else {
      target
          .flatMap(Target::whyNoCopy)
          .ifPresent(
              why ->
                  findings.refuse(
                      place,
                      "write.protocol is copy, and %s on %s, which may change or drop rows; leave it at auto"
                          .formatted(why, target.get().table().name())));
    }
  }

  private boolean removesRevoked(Step.Fill step) {
    return plan.settings().onRevoked() == Settings.OnRevoked.REMOVE
        && events(step).contains(RowEvent.INSERT);
  }

  /** What happens to rows of its table, what is taken back included. */
  private List<RowEvent> changes(Step.Fill step) {
    List<RowEvent> changes = new ArrayList<>(events(step));
    if (removesRevoked(step) && !changes.contains(RowEvent.DELETE)) {
      changes.add(RowEvent.DELETE);
    }
    return changes;
  }

  private void adviseParents(Step.Fill step, List<ParentCatalog.Found> found, Shapes shapes) {
    List<String> written = shapes.outputs().getOrDefault(step.name(), step.written());
    for (ParentCatalog.Found parent : found) {
      if (parent.key().columns().stream().anyMatch(written::contains)) {
        rights.adviseParent(Findings.place(step), parent, findings);
      }
    }
  }

  /** A step that deletes asks which of its rows refer to which, and of whom nothing else. */
  private List<ParentTable> referred(Step.Fill step, Table table, Shapes shapes)
      throws SQLException {
    boolean inserts = events(step).contains(RowEvent.INSERT);
    if (!inserts && !step.deletes()) {
      return List.of();
    }
    List<ParentCatalog.Found> found = parents.all(table);
    if (inserts) {
      adviseParents(step, found, shapes);
    }
    List<ParentTable> all = parents.readable(found);
    List<ParentTable> own =
        all.stream().filter(parent -> parent.table().oid() == table.oid()).toList();
    if (step.deletes()) {
      for (ParentTable parent : own) {
        rights.need(
            Findings.place(step), Privilege.SELECT, table, parent.key().columns(), findings);
        rights.need(
            Findings.place(step), Privilege.SELECT, table, parent.key().parentColumns(), findings);
      }
    }
    return inserts ? all : own;
  }

  private Optional<OwnedRows> owned(Step.Fill step, Table table, Shapes shapes, List<SetColumn> set)
      throws SQLException {
    if (step.owns().isEmpty()) {
      return Optional.empty();
    }
    String condition = Parameters.inline(step.owns().get(), plan.params(), now);
    if (condition.contains("?")) {
      findings.refuse(
          Findings.place(step),
          "owns has a question mark, which statements take for a place of a value; write the operator's function instead");
      return Optional.empty();
    }
    List<String> columns = conditions.columnsOf(Findings.place(step), "owns", table, condition);
    rights.need(Findings.place(step), Privilege.SELECT, table, columns, findings);
    Optional<List<String>> added =
        step instanceof Step.Rows
            ? Optional.ofNullable(shapes.outputs().get(step.name()))
            : Optional.of(step.written());
    return Optional.of(
        added.isPresent() && events(step).contains(RowEvent.INSERT)
            ? new OwnsCheck(inquiry, findings)
                .check(Findings.place(step), table, condition, columns, added.get(), set)
            : new OwnedRows(condition, columns, Map.of(), false));
  }

  private List<CascadedTable> cascades(Step.Fill step, Cascades all) throws SQLException {
    if (!step.deletes()) {
      return List.of();
    }
    UnindexedKeys.warn(
        inquiry, Findings.place(step), all, name -> pending.indexes(step, name), findings);
    List<CascadedTable> cascades = all.losing();
    if (cascades.isEmpty()) {
      return List.of();
    }
    if (!Cascades.countsRows(inquiry)) {
      findings.warn(
          Findings.place(step),
          "rows that go along from %s are not counted, because track_counts is off"
              .formatted(
                  cascades.stream().map(CascadedTable::table).collect(Collectors.joining(", "))));
      return List.of();
    }
    return cascades;
  }

  private boolean isFillable(Step.Fill step, Table table) {
    if (!table.isTable()) {
      findings.refuse(
          Findings.place(step),
          table.name()
              + " is "
              + table.kindInWords()
              + "; only a table can be filled, name the one behind it");
    } else if (!table.foreignParts().isEmpty()) {
      findings.refuse(
          Findings.place(step),
          table.foreignParts().get(0)
              + ", a part of "
              + table.name()
              + ", is a foreign table, where no ON CONFLICT works; fill the local parts, a step each");
    }
    return table.isTable() && table.foreignParts().isEmpty();
  }

  private Optional<Arbiter> arbiter(Step.Fill step, Table table, Optional<OwnedRows> owned)
      throws SQLException {
    List<String> missing =
        step.key().stream().filter(column -> table.column(column).isEmpty()).toList();
    for (String column : missing) {
      findings.refuse(Findings.place(step), SourceCheck.noColumn(table, column));
    }
    if (!missing.isEmpty()) {
      return Optional.empty();
    }
    CoveringIndexes covering =
        CoveringIndexes.of(inquiry, table, step.key(), owned.map(OwnedRows::condition));
    Optional<Arbiter> arbiter =
        ArbiterRule.choose(
            Findings.place(step),
            table,
            step.key(),
            step instanceof Step.Pairs
                ? ArbiterRule.KeyNulls.WITHOUT_NULLS
                : ArbiterRule.KeyNulls.ANY,
            covering,
            findings);
    Optional<IndexedRows> indexed = arbiter.flatMap(Arbiter::indexed);
    if (indexed.isPresent()) {
      rights.need(Findings.place(step), Privilege.SELECT, table, indexed.get().columns(), findings);
    }
    return arbiter;
  }
}
