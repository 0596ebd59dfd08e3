package backfill.postgres;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the engine says of the plan's queries before it runs them.
 *
 * @param outputs step to the columns of its query
 * @param needed source to the columns that queries, views and grants read of it
 * @param given view to its columns, each with the engine's type of its values
 * @param reasons why a query cannot run
 */
public record Shapes(
    Map<String, List<String>> outputs,
    Map<String, Set<String>> needed,
    Map<String, Map<String, String>> given,
    List<String> reasons) {

  /** What was said of some steps later in its place; columns that either needs are needed. */
  Shapes with(Shapes later) {
    Map<String, List<String>> bothOutputs = new LinkedHashMap<>(outputs);
    bothOutputs.putAll(later.outputs);
    Map<String, Set<String>> bothNeeded = new LinkedHashMap<>();
    for (Map<String, Set<String>> each : List.of(needed, later.needed)) {
      each.forEach(
          (source, columns) ->
              bothNeeded.computeIfAbsent(source, name -> new LinkedHashSet<>()).addAll(columns));
    }
    Map<String, Map<String, String>> bothGiven = new LinkedHashMap<>(given);
    bothGiven.putAll(later.given);
    return new Shapes(bothOutputs, bothNeeded, bothGiven, reasons);
  }

  /** Nothing was asked. */
  public static final Shapes NONE = new Shapes(Map.of(), Map.of(), Map.of(), List.of());
}
