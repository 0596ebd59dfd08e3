package backfill.postgres.preflight;

import backfill.postgres.catalog.Column;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the engine says of the plan's queries before it runs them.
 *
 * @param outputs step to the columns of its query
 * @param needed source to the columns that queries, views and grants read of it
 * @param given view to its columns, each with what it gives
 * @param gives step to the columns of its query, each with what it gives
 * @param forms source to its columns, each with the form in which the queries need its values
 * @param never check to what it reads of steps: the columns that it needs of each relation, in the
 *     forms in which it needs them; none of a relation whose table is still to be made
 * @param reasons why a query cannot run
 */
public record Shapes(
    Map<String, List<String>> outputs,
    Map<String, Set<String>> needed,
    Map<String, Map<String, GivenType>> given,
    Map<String, Map<String, GivenType>> gives,
    Map<String, Map<String, Column.Form>> forms,
    Map<String, Map<String, List<Column>>> never,
    List<String> reasons) {

  /** What was said of some steps later in its place; columns that either needs are needed. */
  Shapes with(Shapes later) {
    Map<String, Set<String>> bothNeeded = new LinkedHashMap<>();
    for (Map<String, Set<String>> each : List.of(needed, later.needed)) {
      each.forEach(
          (source, columns) ->
              bothNeeded.computeIfAbsent(source, name -> new LinkedHashSet<>()).addAll(columns));
    }
    return new Shapes(
        both(outputs, later.outputs),
        bothNeeded,
        both(given, later.given),
        both(gives, later.gives),
        both(forms, later.forms),
        both(never, later.never),
        reasons);
  }

  private static <T> Map<String, T> both(Map<String, T> first, Map<String, T> later) {
    Map<String, T> both = new LinkedHashMap<>(first);
    both.putAll(later);
    return both;
  }

  /** What a step's query gives under a name; empty where the engine could not say. */
  Optional<GivenType> given(String step, String column) {
    return Optional.ofNullable(gives.getOrDefault(step, Map.of()).get(column));
  }

  /** Nothing was asked. */
  public static final Shapes NONE =
      new Shapes(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), List.of());
}
