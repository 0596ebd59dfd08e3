package backfill.plan;

import backfill.plan.sql.TablesInQuery;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a run must never do: a query that must give no row, over sources, views and the rows that
 * steps would add, set and remove.
 *
 * @param query Spark SQL
 * @param relations what it reads of steps, each once
 */
public record Never(String name, String query, List<Relation> relations) {
  /** The column that has what a row to set holds, by that which has what it is to hold. */
  public static final String BEFORE = "before_";

  /** Which rows of a step. */
  public enum Rows {
    ADDED,
    SET,
    REMOVED;

    /** What a query calls them. */
    public String of(String step) {
      return prefix() + step.replace('-', '_');
    }

    String prefix() {
      return name().toLowerCase(Locale.ROOT) + "_";
    }
  }

  /** What a query reads of one step. */
  public record Relation(Step.Fill step, Rows rows) {
    public String name() {
      return rows.of(step.name());
    }

    /** Whether the step, as its kind and mode are, can have such rows at all. */
    boolean mayHaveRows() {
      Step.Mode mode =
          step instanceof Step.Rows of
              ? of.mode()
              : step instanceof Step.Pairs pairs && pairs.into().level().isPresent()
                  ? Step.Mode.UPSERT
                  : Step.Mode.INSERT_MISSING;
      return switch (rows) {
        case SET -> mode != Step.Mode.INSERT_MISSING;
        // A parameter may switch the deletion on.
        case ADDED, REMOVED -> mode != Step.Mode.UPDATE;
      };
    }
  }

  public Never {
    relations = List.copyOf(relations);
  }

  /** Words that stand where a table does: sources, views, rows of steps, and what it defines. */
  Set<String> reads() {
    return TablesInQuery.in(query);
  }

  /**
   * Whether it is about this step. One that names no step is about the sources, before any runs.
   */
  public boolean isAbout(Step step) {
    return relations.isEmpty()
        ? step instanceof Step.Fill
        : relations.stream().anyMatch(relation -> relation.step().name().equals(step.name()));
  }
}
