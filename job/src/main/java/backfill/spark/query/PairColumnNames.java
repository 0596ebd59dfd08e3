package backfill.spark.query;

import backfill.plan.GrantSources;
import backfill.plan.IntoPairs;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.plan.level.LevelOrder;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The columns of the two keys that steps of pairs take of a source, and that of a level.
 *
 * @param level null where they take none
 */
public record PairColumnNames(List<String> key, List<String> member, String level) {
  public PairColumnNames {
    key = List.copyOf(key);
    member = List.copyOf(member);
  }

  /** Without a level. */
  public PairColumnNames(List<String> key, List<String> member) {
    this(key, member, null);
  }

  /** Of keys of one column each. */
  public PairColumnNames(String key, String member) {
    this(List.of(key), List.of(member));
  }

  /** Those of a target. */
  public static PairColumnNames of(IntoPairs into) {
    return new PairColumnNames(into.object(), into.user(), into.level().orElse(null));
  }

  /** Those of a source of grants. */
  public static PairColumnNames of(GrantSources.Grant grant) {
    return new PairColumnNames(grant.object(), grant.grantee(), column(grant.level()));
  }

  /** Those of a source of memberships. */
  public static PairColumnNames of(GrantSources.Membership member) {
    return new PairColumnNames(member.group(), member.user(), column(member.level()));
  }

  /** Those of a source of what is nested in what. */
  public static PairColumnNames of(GrantSources.Nested edges) {
    return new PairColumnNames(edges.parent(), edges.child(), column(edges.level()));
  }

  private static String column(Optional<LevelOrder.OfSource> level) {
    return level.map(LevelOrder.OfSource::column).orElse(null);
  }

  /** Without the level. */
  public PairColumnNames keys() {
    return new PairColumnNames(key, member);
  }

  /**
   * The sources of which these steps need one pair of columns and nothing else: no query, no check
   * and no view reads them, no other source takes its keys from them, and they are not fetched by
   * key.
   *
   * @return source name to its columns
   */
  public static Map<String, PairColumnNames> soleUses(Plan plan, List<Step.Fill> steps) {
    Map<String, PairColumnNames> sole = ofOnePair(plan, steps);
    sole.keySet().removeAll(queried(plan, steps));
    return sole;
  }

  /**
   * The sources that are read as pairs: those above, and those of which queries need no more than
   * the same columns, two of integers that are never NULL.
   *
   * @return source name to its columns
   */
  public static Map<String, PairColumnNames> read(
      Plan plan, List<Step.Fill> steps, PreflightResult ready) {
    Map<String, PairColumnNames> sole = soleUses(plan, steps);
    Map<String, PairColumnNames> all = ofOnePair(plan, steps);
    all.entrySet()
        .removeIf(
            use ->
                !sole.containsKey(use.getKey()) && !use.getValue().say(use.getKey(), plan, ready));
    return all;
  }

  /** Whether these two columns say all that is asked of the source. */
  private boolean say(String source, Plan plan, PreflightResult ready) {
    Table table = ready.sources().get(source);
    Set<String> needed = ready.shapes().needed().getOrDefault(source, Set.of());
    return plan.sources().get(source).keyedBy().isEmpty()
        && key.size() == 1
        && member.size() == 1
        && level == null
        && !key.equals(member)
        && all().containsAll(needed)
        && all().stream()
            .flatMap(name -> table.column(name).stream())
            .allMatch(
                column ->
                    column.notNull()
                        && KeyType.of(column).filter(KeyType.INTEGER::equals).isPresent());
  }

  /** The columns of both. */
  public Set<String> all() {
    Set<String> all = new LinkedHashSet<>(key);
    all.addAll(member);
    return all;
  }

  private static Map<String, PairColumnNames> ofOnePair(Plan plan, List<Step.Fill> steps) {
    Map<String, Set<PairColumnNames>> uses = new HashMap<>();
    for (Step.Fill step : steps) {
      if (step instanceof Step.Pairs pairs) {
        collect(pairs, uses);
      }
    }
    Map<String, PairColumnNames> sole = new HashMap<>();
    uses.forEach(
        (source, columns) -> {
          if (columns.size() == 1 && plan.sources().containsKey(source)) {
            sole.put(source, columns.iterator().next());
          }
        });
    return sole;
  }

  private static Set<String> queried(Plan plan, List<Step.Fill> steps) {
    Set<String> queried = new HashSet<>();
    for (Step.Fill step : steps) {
      if (step instanceof Step.Pairs) {
        plan.viewsOf(step).forEach(view -> queried.addAll(plan.sourcesOfView(view)));
        plan.never().stream()
            .filter(check -> check.isAbout(step))
            .forEach(check -> queried.addAll(plan.sourcesOf(check)));
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
    return queried;
  }

  private static List<String> sources(Plan plan, String from) {
    return plan.views().containsKey(from) ? plan.sourcesOfView(from) : List.of(from);
  }

  private static void collect(Step.Pairs step, Map<String, Set<PairColumnNames>> uses) {
    Stream.concat(step.direct().stream(), step.through().stream())
        .forEach(grant -> add(uses, grant.from(), of(grant)));
    step.members().forEach(member -> add(uses, member.from(), of(member)));
    Stream.concat(step.nested().stream(), step.objects().stream())
        .forEach(edges -> add(uses, edges.from(), of(edges)));
    step.leaves()
        .ifPresent(
            leaves ->
                add(uses, leaves.from(), new PairColumnNames(leaves.object(), leaves.object())));
  }

  private static void add(
      Map<String, Set<PairColumnNames>> uses, String from, PairColumnNames columns) {
    uses.computeIfAbsent(from, source -> new HashSet<>()).add(columns);
  }
}
