package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A table as the earlier steps of a run will leave it, as something to select from: their deletions
 * taken out, the columns that they make empty, those that they set as they will be.
 */
public final class PendingTable {
  private final Inquiry inquiry;
  private final ChangeScope scope;
  private final Table table;
  private final Map<String, String> columns = new LinkedHashMap<>();
  private String from;
  private String unknown;
  private boolean askable = true;

  private PendingTable(Inquiry inquiry, ChangeScope scope, Table table) {
    this.inquiry = inquiry;
    this.scope = scope;
    this.table = table;
    this.from = table.name().quoted();
    table.columns().forEach(column -> columns.put(column.name(), column.type()));
  }

  /**
   * The table of a step, as that step finds it.
   *
   * @param tables step to its table, of the steps whose table is there
   */
  public static PendingTable of(
      Inquiry inquiry, ChangeScope scope, Map<String, Table> tables, Step step)
      throws SQLException {
    return of(inquiry, scope, tables, step, tables.get(step.name()));
  }

  /** A table that a step is about, as that step finds it. */
  public static PendingTable of(
      Inquiry inquiry, ChangeScope scope, Map<String, Table> tables, Step step, Table table)
      throws SQLException {
    PendingTable pending = new PendingTable(inquiry, scope, table);
    for (Step earlier : scope.before(step)) {
      pending.lay(earlier, tables.get(earlier.name()), step);
    }
    return pending;
  }

  /** What to select from; its name is the table's own. */
  public String from() {
    return from;
  }

  /** Why nothing can be said of the rows that the step will find; empty where it can. */
  Optional<String> unknown() {
    return Optional.ofNullable(unknown);
  }

  /** Whether an expression over it means what it will mean then. */
  public boolean askable() {
    return askable;
  }

  public Set<String> columns() {
    return columns.keySet();
  }

  /** The type of one of these, as SQL writes it. */
  public String type(String column) {
    return columns.get(column);
  }

  /** Whether it is the table itself, as it is. */
  public boolean unchanged() {
    return from.equals(table.name().quoted());
  }

  private void lay(Step earlier, Table at, Step step) throws SQLException {
    if (at == null) {
      return;
    }
    boolean here = at.oid() == table.oid();
    if (earlier instanceof Step.Fill) {
      if (here || mentions(step, at)) {
        unknown = "step " + earlier.name() + " fills " + at.name() + " before";
      }
      return;
    }
    if (earlier instanceof Step.InPlace batches) {
      layRows(batches, at, here, step);
    } else if (here && earlier instanceof Step.Ddl ddl) {
      layColumn(ddl);
    }
  }

  private void layRows(Step.InPlace earlier, Table at, boolean here, Step step)
      throws SQLException {
    if (mentions(step, at)) {
      unknown = "its condition asks " + at.name() + ", which step " + earlier.name() + " changes";
    }
    if (earlier.deletes()) {
      Cascades cascades = Cascades.of(inquiry, at);
      if (cascades.children().containsKey(table.oid())) {
        unknown = "the deletions of step " + earlier.name() + " take rows of it along";
      }
    }
    if (!here) {
      return;
    }
    String where = "(" + scope.inline(earlier.where()) + "\n) IS TRUE";
    if (earlier.deletes()) {
      over(quoted(columns.keySet()), " WHERE NOT (" + where + ")");
      return;
    }
    List<String> values = new ArrayList<>();
    for (Map.Entry<String, String> column : columns.entrySet()) {
      String name = TableName.quote(column.getKey());
      String value = earlier.set().get(column.getKey());
      values.add(
          value == null
              ? name
              : "CASE WHEN %s THEN (%s\n)::%s ELSE %s END AS %s"
                  .formatted(where, scope.inline(value), column.getValue(), name, name));
    }
    over(String.join(", ", values), "");
  }

  private void layColumn(Step.Ddl ddl) throws SQLException {
    boolean creates = ddl.definition() instanceof Definition.Creates;
    if (!creates && !(ddl.definition() instanceof Definition.Drops)) {
      return;
    }
    Optional<String> column =
        NamedObject.of(
                inquiry, "", ddl.definition().target(), Set.of(table.name().name()), new Findings())
            .flatMap(NamedObject::column);
    if (column.isEmpty() || columns.containsKey(column.get()) == creates) {
      return;
    }
    if (!creates) {
      columns.remove(column.get());
      over(quoted(columns.keySet()), "");
      return;
    }
    AddedColumn added =
        AddedColumn.of(
            inquiry,
            scope.inline(((Definition.Creates) ddl.definition()).statement()),
            column.get());
    Optional<String> type = added.type();
    askable &= type.isPresent();
    if (!added.startsNull()) {
      unknown =
          "what rows will have in %s, which step %s makes, is not known before"
              .formatted(column.get(), ddl.name());
    }
    String made = TableName.quote(column.get());
    over(quoted(columns.keySet()) + ", CAST(NULL AS " + type.orElse("text") + ") AS " + made, "");
    columns.put(column.get(), type.orElse("text"));
  }

  private void over(String select, String rest) {
    from =
        "(SELECT "
            + select
            + " FROM "
            + from
            + rest
            + ") AS "
            + TableName.quote(table.name().name());
  }

  /** Whether the step's own expressions select from a table. */
  private static boolean mentions(Step step, Table other) {
    if (!(step instanceof Step.InPlace batches)) {
      return false;
    }
    SqlWords words =
        SqlWords.of(batches.where() + "\n" + String.join("\n", batches.set().values()));
    while (!words.atEnd()) {
      if (!words.skip("from") && !words.skip("join") && !words.skip(",")) {
        words.take();
        continue;
      }
      while (words.next().is("only") || words.next().is("(")) {
        words.take();
      }
      List<String> name = words.name().orElse(List.of(""));
      if (name.get(name.size() - 1).equals(other.name().name())) {
        return true;
      }
    }
    return false;
  }

  private static String quoted(Set<String> names) {
    return names.stream().map(TableName::quote).collect(Collectors.joining(", "));
  }
}
