package backfill.postgres.explain;

import backfill.postgres.server.ListedStatement;
import java.util.List;

/**
 * The answer, for programs as it is and for people as {@code report} words it.
 *
 * @param steps each of those that were asked about, in the plan's order
 * @param statements those that read rows, in the order in which they were sent
 */
public record Explanation(List<StepExplanation> steps, List<ListedStatement> statements) {
  public Explanation {
    steps = List.copyOf(steps);
    statements = List.copyOf(statements);
  }
}
