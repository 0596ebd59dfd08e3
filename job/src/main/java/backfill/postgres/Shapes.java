package backfill.postgres;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the engine says of the plan's queries before it runs them.
 *
 * @param outputs step to the columns of its query
 * @param needed source to the columns that queries, views and grants read of it
 * @param reasons why a query cannot run
 */
public record Shapes(
    Map<String, List<String>> outputs, Map<String, Set<String>> needed, List<String> reasons) {

  /** Nothing was asked. */
  public static final Shapes NONE = new Shapes(Map.of(), Map.of(), List.of());
}
