package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.postgres.catalog.Arbiter;
import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.IndexedRows;
import backfill.postgres.catalog.OwnedRows;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.Table;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.RowEvent;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table that a step fills, and how rows are matched there.
 *
 * @param triggers event to the names of the BEFORE row triggers that fire for it, of the events
 *     that the step's statements are
 * @param parents what its foreign keys refer to, for a step that adds rows; for one that only
 *     deletes, those that refer to itself
 * @param cascades tables that lose rows with it, for a step that deletes
 * @param owned which rows are the step's; empty for all
 * @param set what new rows get in columns that the step itself has no values for
 */
public record Target(
    Table table,
    Arbiter arbiter,
    Map<RowEvent, List<String>> triggers,
    List<ParentTable> parents,
    List<CascadedTable> cascades,
    Optional<OwnedRows> owned,
    List<SetColumn> set) {
  public Target {
    set = List.copyOf(set);
  }

  /** Without columns that are only set. */
  public Target(
      Table table,
      Arbiter arbiter,
      Map<RowEvent, List<String>> triggers,
      List<ParentTable> parents,
      List<CascadedTable> cascades,
      Optional<OwnedRows> owned) {
    this(table, arbiter, triggers, parents, cascades, owned, List.of());
  }

  /** BEFORE row triggers that fire for this event. */
  public List<String> beforeTriggers(RowEvent event) {
    return triggers.getOrDefault(event, List.of());
  }

  /** Why no row may be copied into it; empty if it may. */
  public Optional<String> whyNoCopy() {
    List<String> before = beforeTriggers(RowEvent.INSERT);
    return before.isEmpty()
        ? Optional.empty()
        : Optional.of("trigger " + String.join(", ", before) + " fires BEFORE INSERT");
  }

  /** How rows travel that an operation writes, where a plan says so much of it. */
  public WriteProtocol protocol(Operation operation, Settings.Protocol wished) {
    return operation.inserts()
            && wished != Settings.Protocol.UNNEST
            && whyNoCopy().isEmpty()
            && setInEach().isEmpty()
            && !asksNewRows()
        ? WriteProtocol.COPY
        : WriteProtocol.UNNEST;
  }

  /** The same in words, with the reason where it is not the fastest one. */
  public String protocolInWords(Settings.Protocol wished) {
    if (wished == Settings.Protocol.UNNEST) {
      return "unnest arrays (write.protocol)";
    }
    if (asksNewRows()) {
      return "unnest arrays (owns is asked of each new row)";
    }
    if (!setInEach().isEmpty()) {
      return "unnest arrays (set gives each row a value of its own)";
    }
    return whyNoCopy().map(why -> "unnest arrays (" + why + ")").orElse("COPY");
  }

  /** Whether a row may be one that is not the step's to add. */
  boolean asksNewRows() {
    return owned.filter(OwnedRows::asked).isPresent();
  }

  /** What every new row gets alike. */
  public List<SetColumn> setAlike() {
    return set.stream().filter(SetColumn::isSame).toList();
  }

  /** What the server is asked anew for each row. */
  public List<SetColumn> setInEach() {
    return set.stream().filter(column -> !column.isSame()).toList();
  }

  /** Whether new rows get a value of the plan's in this column. */
  public boolean sets(String column) {
    return set.stream().anyMatch(each -> each.name().equals(column));
  }

  /** One that an earlier step makes, or changes: what holds there is not known yet. */
  public static Target pending(Table table, List<String> key) {
    return new Target(
        table,
        new Arbiter("an index to be made", key, Optional.empty(), Optional.empty(), false),
        Map.of(),
        List.of(),
        List.of(),
        Optional.empty());
  }

  /** The parents of foreign keys over these columns alone. */
  public List<ParentTable> parentsOf(Collection<String> written) {
    return parents.stream().filter(parent -> written.containsAll(parent.key().columns())).toList();
  }

  /** The foreign keys over these columns by which rows of it refer to rows of itself. */
  public List<ParentKey> ownParents(Collection<String> columns) {
    return parentsOf(columns).stream()
        .filter(parent -> parent.table().oid() == table.oid())
        .map(ParentTable::key)
        .toList();
  }

  /** What a reader of the step's rows asks for; null for all of them. */
  public String where() {
    return owned.map(OwnedRows::condition).orElse(null);
  }

  /**
   * What a reader asks for of the rows that are not the step's, and may hold a key that it plans;
   * empty where there are none.
   */
  public Optional<String> foreign() {
    Optional<String> unique = arbiter.indexed().map(IndexedRows::condition).or(arbiter::predicate);
    if (owned.isEmpty() || unique.filter(owned.get()::isAll).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        "("
            + owned.get().condition()
            + "\n) IS NOT TRUE"
            + unique.map(condition -> " AND (" + condition + "\n)").orElse(""));
  }
}
