package backfill.postgres;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which sources and views some steps read. A query reads whatever name occurs in it as a word: that
 * may name one too many, never one too few.
 */
final class Scope {
  private static final Pattern WORD = Pattern.compile("\\w+");

  private final Plan plan;
  private final List<Step> steps;

  Scope(Plan plan, List<Step> steps) {
    this.plan = plan;
    this.steps = steps;
  }

  /** In the plan's order. */
  List<Source> sources() {
    Set<String> read =
        steps.stream().flatMap(step -> reads(step).stream()).collect(Collectors.toSet());
    return plan.sources().values().stream().filter(source -> read.contains(source.name())).toList();
  }

  /**
   * The plan with only what can be asked about when these sources are there, and the others are
   * not.
   */
  Plan answerable(Set<String> found) {
    Map<String, String> views = new LinkedHashMap<>();
    Set<String> used = new LinkedHashSet<>();
    List<Step> complete = steps.stream().filter(step -> complete(reads(step), found)).toList();
    complete.forEach(step -> used.addAll(reads(step)));
    plan.views()
        .forEach(
            (name, query) -> {
              if (used.contains(name)) {
                views.put(name, query);
              }
            });
    return new Plan(
        plan.name(),
        plan.location(),
        plan.hash(),
        plan.onlyIf(),
        plan.params(),
        plan.sources().values().stream()
            .filter(source -> used.contains(source.name()))
            .collect(
                Collectors.toMap(Source::name, source -> source, (a, b) -> a, LinkedHashMap::new)),
        views,
        complete,
        plan.settings());
  }

  /** What the grants and memberships of the steps read of one source. */
  Set<String> columnsOf(String source) {
    Set<String> columns = new LinkedHashSet<>();
    for (Step step : steps) {
      if (step instanceof Step.Pairs pairs) {
        Stream.concat(pairs.direct().stream(), pairs.through().stream())
            .filter(grant -> grant.from().equals(source))
            .forEach(grant -> columns.addAll(List.of(grant.object(), grant.grantee())));
        pairs.members().stream()
            .filter(member -> member.from().equals(source))
            .forEach(member -> columns.addAll(List.of(member.group(), member.user())));
      }
    }
    return columns;
  }

  private boolean complete(Set<String> read, Set<String> found) {
    return read.stream()
        .noneMatch(name -> plan.sources().containsKey(name) && !found.contains(name));
  }

  /** Names of sources and views, also of those that its views read. */
  private Set<String> reads(Step step) {
    Set<String> read = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(named(step));
    while (!open.isEmpty()) {
      String name = open.pop();
      if (read.add(name) && plan.views().containsKey(name)) {
        open.addAll(namesIn(plan.views().get(name)));
      }
    }
    return read;
  }

  private Set<String> named(Step step) {
    if (step instanceof Step.Rows rows) {
      return namesIn(rows.query());
    }
    Step.Pairs pairs = (Step.Pairs) step;
    Set<String> names = new LinkedHashSet<>();
    pairs.direct().forEach(grant -> names.add(grant.from()));
    pairs.through().forEach(grant -> names.add(grant.from()));
    pairs.members().forEach(member -> names.add(member.from()));
    return names;
  }

  private Set<String> namesIn(String query) {
    Set<String> words =
        WORD.matcher(query.toLowerCase(Locale.ROOT))
            .results()
            .map(found -> found.group())
            .collect(Collectors.toSet());
    Set<String> names = new LinkedHashSet<>(plan.sources().keySet());
    names.addAll(plan.views().keySet());
    names.removeIf(name -> !words.containsAll(wordsOf(name)));
    return names;
  }

  /** A name with a hyphen stands between backticks in a query, and is several words there. */
  private static List<String> wordsOf(String name) {
    return WORD.matcher(name.toLowerCase(Locale.ROOT))
        .results()
        .map(found -> found.group())
        .toList();
  }
}
