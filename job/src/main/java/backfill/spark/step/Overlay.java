package backfill.spark.step;

import static backfill.spark.query.Cells.allOf;
import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;

import backfill.postgres.catalog.CascadedTable;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SqlWords;
import backfill.postgres.write.Target;
import backfill.spark.query.SparkTypes;
import backfill.spark.read.LaidOver;
import backfill.spark.read.SnapshotReader;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What the steps of a dry run would do to their targets, laid over these for the steps that come
 * after: a row is seen as if it were written. Where that cannot be known before they run, reading
 * fails with the reason, so that no count is wrong.
 */
public final class Overlay implements LaidOver {
  /** A default whose value is in the catalog; everything else is only known once it was asked. */
  private static final Pattern LITERAL =
      Pattern.compile(
          "(?:'(?:[^']|'')*'|-?\\d+(?:\\.\\d+)?|true|false|NULL)(?:::[\\w\\s.\"\\[\\](),]+)?");

  private final List<StepRun> before = new ArrayList<>();
  private final Map<Long, String> unknown = new LinkedHashMap<>();

  /** Why the rows of a table are not known before the steps have run. */
  public static final class UnknownRowsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownRowsException(String reason) {
      super(reason);
    }
  }

  /** From here on tables are read as this step would leave them; it stays open. */
  public void add(StepRun run) {
    before.add(run);
  }

  /** What a step would do is not known, and so is its target from here on. */
  public void addUnknown(String step, Table table) {
    unknown.put(
        table.oid(), "what step " + step + " would do to " + table.name() + " is not known");
  }

  /** Whether an earlier step would change the table. */
  @Override
  public boolean covers(Table table) {
    return unknown.containsKey(table.oid())
        || !stepsOn(table).isEmpty()
        || cascaded(table).isPresent();
  }

  private List<StepRun> stepsOn(Table table) {
    return before.stream()
        .filter(run -> run.target().table().oid() == table.oid())
        .filter(run -> run.told().counts().toWrite() > 0)
        .toList();
  }

  private Optional<StepRun> cascaded(Table table) {
    return before.stream()
        .filter(run -> deletes(run) > 0)
        .filter(
            run ->
                run.target().cascades().stream()
                    .filter(
                        cascade -> !cascade.target() || run.target().table().oid() != table.oid())
                    .map(CascadedTable::oids)
                    .anyMatch(oids -> oids.contains(table.oid())))
        .findFirst();
  }

  private static long deletes(StepRun run) {
    Long rows = run.told().counts().toDelete();
    return rows == null ? 0 : rows;
  }

  /**
   * Columns of a table as the steps would leave it.
   *
   * @param where a PostgreSQL condition, or null
   * @throws UnknownRowsException with the reason
   */
  @Override
  public Dataset<Row> read(
      SnapshotReader reader, Table table, Collection<String> columns, String where) {
    if (unknown.containsKey(table.oid())) {
      throw new UnknownRowsException(unknown.get(table.oid()));
    }
    cascaded(table)
        .ifPresent(
            run -> {
              throw new UnknownRowsException(
                  "which rows of %s go along with those that step %s would delete is not known before"
                      .formatted(table.name(), run.step().name()));
            });
    List<StepRun> steps = stepsOn(table);
    if (steps.size() > 1) {
      throw new UnknownRowsException(
          "steps %s and %s would both write %s, and the second would see what the first leaves"
              .formatted(steps.get(0).step().name(), steps.get(1).step().name(), table.name()));
    }
    return read(reader, steps.get(0), table, columns, where);
  }

  private Dataset<Row> read(
      SnapshotReader reader, StepRun step, Table table, Collection<String> columns, String where) {
    refuseTriggers(step);
    DiffRowsets changes = step.told().changes();
    DiffCounts counts = step.told().counts();
    List<String> key = step.step().key();
    refuseOtherForms(table, key, step);
    Set<String> withKey = new LinkedHashSet<>(columns);
    withKey.addAll(key);
    Dataset<Row> rows = reader.scanned(table, withKey, where);
    if (changes.deletes() != null) {
      rows = without(rows, changes.deletes(), key);
    }
    if (changes.updates() != null && counts.toUpdate() > 0) {
      rows = without(rows, changes.updates(), key);
    }
    Dataset<Row> result = rows.select(cells(columns));
    if (changes.updates() != null && counts.toUpdate() > 0) {
      result = result.union(updated(reader, table, columns, where, changes, key));
    }
    if (changes.inserts() != null && counts.toInsert() > 0) {
      result = result.union(inserted(reader, step.target(), table, columns, where, changes));
    }
    return result;
  }

  /** Rows are matched by what is read of their keys, which here comes from two places. */
  private static void refuseOtherForms(Table table, List<String> key, StepRun step) {
    Table target = table.inTexts();
    for (String name : key) {
      Column column = table.column(name).orElseThrow();
      if (!ValueGroup.hasOneForm(column)
          || !SparkTypes.of(column).equals(SparkTypes.of(target.column(name).orElseThrow()))) {
        throw new UnknownRowsException(
            "which rows of %s step %s would write cannot be told by %s, which is %s, before it has run"
                .formatted(table.name(), step.step().name(), name, column.type()));
      }
    }
  }

  private static void refuseTriggers(StepRun step) {
    DiffCounts counts = step.told().counts();
    Map<RowEvent, Long> rows = new EnumMap<>(RowEvent.class);
    rows.put(RowEvent.INSERT, counts.toInsert());
    rows.put(RowEvent.UPDATE, counts.toUpdate());
    rows.forEach(
        (event, count) -> {
          List<String> triggers = step.target().beforeTriggers(event);
          if (count != null && count > 0 && !triggers.isEmpty()) {
            throw new UnknownRowsException(
                "trigger %s on %s may change what step %s would write"
                    .formatted(triggers.get(0), step.target().table().name(), step.step().name()));
          }
        });
  }

  private static Dataset<Row> without(Dataset<Row> rows, Dataset<Row> keys, List<String> key) {
    return rows.join(
        keys, allOf(key, name -> cell(rows, name).equalTo(cell(keys, name))), "left_anti");
  }

  /** Rows are looked at anew: one that the condition left out may come in. */
  private static Dataset<Row> updated(
      SnapshotReader reader,
      Table table,
      Collection<String> columns,
      String where,
      DiffRowsets changes,
      List<String> key) {
    List<String> set =
        Stream.of(changes.updates().columns()).filter(name -> !key.contains(name)).toList();
    Set<String> asked = where == null ? Set.of() : SqlWords.names(where);
    List<String> all =
        where == null
            ? Stream.concat(columns.stream(), key.stream()).distinct().toList()
            : table.columns().stream()
                .map(Column::name)
                .filter(
                    name -> columns.contains(name) || key.contains(name) || asked.contains(name))
                .toList();
    for (String name : all) {
      if (table.column(name).orElseThrow().generated()) {
        throw new UnknownRowsException(
            "%s.%s of a row that is set is the server's to compute, and not known before"
                .formatted(table.name(), name));
      }
    }
    Dataset<Row> old = reader.scanned(table, all, null);
    Dataset<Row> values =
        changes
            .updates()
            .select(
                Stream.of(changes.updates().columns())
                    .map(name -> cell(name).as("new " + name))
                    .toArray(org.apache.spark.sql.Column[]::new));
    Dataset<Row> rows =
        old.join(values, allOf(key, name -> cell(old, name).equalTo(cell(values, "new " + name))))
            .select(
                all.stream()
                    .map(name -> set.contains(name) ? cell("new " + name).as(name) : cell(name))
                    .toArray(org.apache.spark.sql.Column[]::new));
    return asStored(reader, rows, table, columns, Map.of(), where);
  }

  private static Dataset<Row> inserted(
      SnapshotReader reader,
      Target target,
      Table table,
      Collection<String> columns,
      String where,
      DiffRowsets changes) {
    List<String> written = List.of(changes.inserts().columns());
    Map<String, String> constants = new LinkedHashMap<>();
    for (Column column : table.columns()) {
      if (!written.contains(column.name()) && !target.sets(column.name())) {
        constant(column).ifPresent(value -> constants.put(column.name(), value));
      }
    }
    target.setAlike().forEach(set -> constants.put(set.name(), set.literal()));
    for (String name : columns) {
      if (!written.contains(name) && !constants.containsKey(name)) {
        throw new UnknownRowsException(
            "%s.%s of a new row is the server's to fill, and not known before"
                .formatted(table.name(), name));
      }
    }
    return asStored(reader, changes.inserts(), table, columns, constants, where);
  }

  /**
   * What a new row holds in a column that its step does not write, as SQL; empty where only the
   * server will know.
   */
  private static Optional<String> constant(Column column) {
    if (column.generated() || column.identity() != Column.Identity.NONE) {
      return Optional.empty();
    }
    String value = column.defaultValue().orElse(column.hasDefault() ? "?" : "NULL");
    return LITERAL.matcher(value).matches()
        ? Optional.of("(" + value + ")::" + column.castType())
        : Optional.empty();
  }

  private static Dataset<Row> asStored(
      SnapshotReader reader,
      Dataset<Row> rows,
      Table table,
      Collection<String> columns,
      Map<String, String> constants,
      String where) {
    try {
      return reader.stored(rows, table).where(List.copyOf(columns), constants, where);
    } catch (SQLException e) {
      throw new UnknownRowsException(
          "whether a row that would be written to %s is among those WHERE %s is not known before: %s"
              .formatted(table.name(), where, e.getMessage()));
    }
  }
}
