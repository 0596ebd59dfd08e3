package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.Database;
import backfill.postgres.ListedStatement;
import backfill.postgres.Ready;
import backfill.postgres.Table;
import backfill.postgres.TableLock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** What reads sources and targets, listed. */
public final class ReadListing {
  private final Plan plan;
  private final Ready ready;
  private final TableScan scan;

  public ReadListing(
      Session session, Plan plan, Ready ready, Database database, String applicationName) {
    this.plan = plan;
    this.ready = ready;
    this.scan = new TableScan(session.get(), database, plan.settings().read(), applicationName);
  }

  /** What reads a source. */
  public List<ListedStatement> source(String name) {
    Source source = plan.sources().get(name);
    Table table = ready.sources().get(name);
    Set<String> needed = ready.shapes().needed().getOrDefault(name, Set.of());
    return listed(table, table.columnsToRead(needed), KeptSources.where(source, plan, ready));
  }

  /** What reads a step's target. */
  public List<ListedStatement> target(Step step) {
    return listed(ready.targets().get(step.name()).table(), columns(step), null);
  }

  /** The target's columns that a step reads and writes: its key, then what its query gives. */
  public List<String> columns(Step step) {
    List<String> columns = new ArrayList<>(step.key());
    for (String column : ready.shapes().outputs().getOrDefault(step.name(), List.of())) {
      if (!columns.contains(column)) {
        columns.add(column);
      }
    }
    return columns;
  }

  private List<ListedStatement> listed(Table table, Collection<String> columns, String where) {
    List<ListedStatement> listed = new ArrayList<>();
    listed.add(
        new ListedStatement(
            List.of(
                "Spark looks which columns there are, outside of a transaction",
                TableLock.ACCESS_SHARE.on(table, "it is answered, at once")),
            scan.shapeStatement(table, columns, where)));
    List<String> statements = scan.statements(table, columns, where);
    for (int i = 0; i < statements.size(); i++) {
      listed.add(
          new ListedStatement(
              List.of(
                  "reader %d of %d".formatted(i + 1, statements.size()),
                  TableLock.ACCESS_SHARE.on(table, "the last row is read")),
              statements.get(i)));
    }
    return listed;
  }
}
