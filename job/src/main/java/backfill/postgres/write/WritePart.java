package backfill.postgres.write;

import backfill.plan.Step;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.ledger.Operation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One of the writes that a step consists of; each has its own statement, batches and counts.
 *
 * @param columns the target's columns of a row, in order
 * @param touched of these, those that are set whatever they held
 */
public record WritePart(Operation operation, List<String> columns, Set<String> touched) {
  public WritePart {
    columns = List.copyOf(columns);
    touched = Set.copyOf(touched);
  }

  /**
   * The writes of a step, in their order. What nothing justifies goes first: it may hold a value
   * that another row needs.
   *
   * @param outputs the columns that the step's query gives, or a step of pairs
   */
  public static List<WritePart> of(Step.Fill step, List<String> outputs) {
    List<WritePart> parts = new ArrayList<>();
    for (Operation operation : Operation.of(step)) {
      parts.add(
          switch (operation) {
            case COMPARE_AND_DELETE -> new WritePart(operation, read(step, outputs), Set.of());
            case COMPARE_AND_SET -> updating(step, outputs);
            default -> new WritePart(operation, all(step, outputs), Set.of());
          });
    }
    return parts;
  }

  /**
   * The writes of a step, in the order that a target wants whose rows refer to each other: a new
   * parent comes before the rows that are given to it, and one that goes has lost them by then.
   */
  public static List<WritePart> of(Step.Fill step, List<String> outputs, Target target) {
    if (step instanceof Step.Pairs pairs) {
      return of(pairs, target);
    }
    List<WritePart> parts = new ArrayList<>(of(step, outputs));
    if (!target.ownParents(outputs).isEmpty()) {
      Collections.reverse(parts);
    }
    return parts;
  }

  /** The writes of a step of pairs, in their order. */
  public static List<WritePart> of(Step.Pairs step, Target target) {
    List<String> given = new ArrayList<>(step.filled());
    target.setAlike().forEach(set -> given.add(set.name()));
    return of(step, given);
  }

  /** The columns of the target that a step reads: its key, and what it compares. */
  public static List<String> read(Step.Fill step, List<String> outputs) {
    List<String> columns = new ArrayList<>(step.key());
    columns.addAll(compared(step, outputs));
    return columns;
  }

  /**
   * What {@link #read(Step.Fill, List)} names, and the columns by which rows that go refer to each
   * other.
   */
  public static List<String> read(Step.Fill step, List<String> outputs, Target target) {
    Set<String> columns = new LinkedHashSet<>(read(step, outputs));
    if (step.deletes()) {
      for (ParentKey own : target.ownParents(target.table().columnNames())) {
        columns.addAll(own.columns());
        columns.addAll(own.parentColumns());
      }
    }
    return List.copyOf(columns);
  }

  /** The columns whose values decide whether a row is set. */
  public static List<String> compared(Step.Fill step, List<String> outputs) {
    if (step instanceof Step.Rows rows && rows.mode() != Step.Mode.INSERT_MISSING) {
      return outputs.stream()
          .filter(column -> !rows.key().contains(column))
          .filter(column -> !rows.insertOnly().contains(column) && !rows.touch().contains(column))
          .toList();
    }
    return step instanceof Step.Pairs pairs ? pairs.into().level().stream().toList() : List.of();
  }

  private static WritePart updating(Step.Fill step, List<String> outputs) {
    if (!(step instanceof Step.Rows rows)) {
      return new WritePart(Operation.COMPARE_AND_SET, read(step, outputs), Set.of());
    }
    List<String> columns = all(step, outputs);
    columns.removeAll(rows.insertOnly());
    return new WritePart(Operation.COMPARE_AND_SET, columns, rows.touch());
  }

  private static List<String> all(Step.Fill step, List<String> outputs) {
    List<String> columns = new ArrayList<>(step.key());
    outputs.stream().filter(column -> !columns.contains(column)).forEach(columns::add);
    return columns;
  }
}
