package backfill.postgres.preflight;

import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which sources and views some steps read, and which columns of them the steps name. */
final class Scope {
  private final Plan plan;
  private final List<? extends Step> steps;

  Scope(Plan plan, List<? extends Step> steps) {
    this.plan = plan;
    this.steps = steps;
  }

  /** In the plan's order. */
  List<Source> sources() {
    Set<String> read =
        steps.stream().flatMap(step -> plan.sourcesOf(step).stream()).collect(Collectors.toSet());
    return plan.sources().values().stream().filter(source -> read.contains(source.name())).toList();
  }

  /**
   * The plan with only what can be asked about when these sources are there, and the others are
   * not.
   *
   * @param awaiting names of steps that read what is still to be made
   */
  Plan answerable(Set<String> found, Set<String> awaiting) {
    List<Step> complete = new ArrayList<>(steps);
    complete.removeIf(
        step -> awaiting.contains(step.name()) || !found.containsAll(plan.sourcesOf(step)));
    Set<String> used = new HashSet<>();
    for (Step step : complete) {
      used.addAll(plan.sourcesOf(step));
      used.addAll(plan.viewsOf(step));
    }
    List<Never> checks =
        plan.never().stream()
            .filter(check -> found.containsAll(plan.sourcesOf(check)))
            .filter(check -> complete.stream().anyMatch(check::isAbout))
            .filter(
                check ->
                    check.relations().stream()
                        .noneMatch(relation -> awaiting.contains(relation.step().name())))
            .toList();
    return plan.with(only(plan.sources(), used), only(plan.views(), used), complete).with(checks);
  }

  /** What the grants and memberships of the steps, and the keys of a fetch, read of one source. */
  Set<String> columnsOf(String source) {
    Set<String> columns = new LinkedHashSet<>();
    for (Source each : sources()) {
      each.keyedBy()
          .ifPresent(
              keyed -> {
                if (each.name().equals(source)) {
                  columns.add(keyed.column());
                }
                keyed.keys().stream()
                    .filter(keys -> keys.from().equals(source))
                    .forEach(keys -> columns.add(keys.column()));
              });
    }
    for (Step step : steps) {
      if (step instanceof Step.Pairs pairs) {
        Stream.concat(pairs.direct().stream(), pairs.through().stream())
            .filter(grant -> grant.from().equals(source))
            .forEach(grant -> addBoth(grant.object(), grant.grantee(), columns));
        pairs.members().stream()
            .filter(member -> member.from().equals(source))
            .forEach(member -> addBoth(member.group(), member.user(), columns));
        pairs.leaves().stream()
            .filter(leaves -> leaves.from().equals(source))
            .forEach(leaves -> columns.addAll(leaves.object()));
        Stream.concat(pairs.nested().stream(), pairs.objects().stream())
            .filter(edges -> edges.from().equals(source))
            .forEach(edges -> addBoth(edges.parent(), edges.child(), columns));
      }
    }
    return columns;
  }

  private static void addBoth(List<String> one, List<String> other, Set<String> to) {
    to.addAll(one);
    to.addAll(other);
  }

  private static <V> Map<String, V> only(Map<String, V> named, Set<String> used) {
    Map<String, V> kept = new LinkedHashMap<>(named);
    kept.keySet().retainAll(used);
    return kept;
  }
}
