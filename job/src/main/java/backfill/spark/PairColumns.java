package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Step;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The two columns that steps of pairs take of a source. */
record PairColumns(String key, String member) {

  /** Those of a target. */
  static PairColumns of(Step.IntoPairs into) {
    return new PairColumns(into.object(), into.user());
  }

  /**
   * The sources of which these steps need one pair of columns and nothing else: no query and no
   * view reads them, no other source takes its keys from them, and they are not fetched by key.
   *
   * @return source name to its columns
   */
  static Map<String, PairColumns> soleUses(Plan plan, List<Step.Fill> steps) {
    Map<String, Set<PairColumns>> uses = new HashMap<>();
    Set<String> queried = new HashSet<>();
    for (Step.Fill step : steps) {
      if (step instanceof Step.Pairs pairs) {
        collect(pairs, uses);
        plan.viewsOf(step).forEach(view -> queried.addAll(plan.sourcesOfView(view)));
      } else {
        queried.addAll(plan.sourcesOf(step));
      }
    }
    for (Step.Fill step : steps) {
      for (String name : plan.sourcesOf(step)) {
        plan.sources()
            .get(name)
            .keyedBy()
            .ifPresent(
                keyed -> {
                  queried.add(name);
                  keyed.keys().forEach(keys -> queried.addAll(sources(plan, keys.from())));
                });
      }
    }
    Map<String, PairColumns> sole = new HashMap<>();
    uses.forEach(
        (source, columns) -> {
          if (columns.size() == 1 && plan.sources().containsKey(source)) {
            sole.put(source, columns.iterator().next());
          }
        });
    sole.keySet().removeAll(queried);
    return sole;
  }

  private static List<String> sources(Plan plan, String from) {
    return plan.views().containsKey(from) ? plan.sourcesOfView(from) : List.of(from);
  }

  private static void collect(Step.Pairs step, Map<String, Set<PairColumns>> uses) {
    for (List<Step.Grant> grants : List.of(step.direct(), step.through())) {
      grants.forEach(
          grant -> add(uses, grant.from(), new PairColumns(grant.object(), grant.grantee())));
    }
    step.members()
        .forEach(
            member -> add(uses, member.from(), new PairColumns(member.group(), member.user())));
  }

  private static void add(Map<String, Set<PairColumns>> uses, String from, PairColumns columns) {
    uses.computeIfAbsent(from, source -> new HashSet<>()).add(columns);
  }
}
