package backfill.plan;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What one backfill does: the plan file, read whole and checked, and never changed afterwards.
 *
 * @param file where it is from, and what names it
 * @param given what holds for all of it
 * @param databases name to the prefix of its environment variables; {@link #MAIN}, where every step
 *     writes, is always there
 * @param sources name to table, in the order of the file's lines
 * @param views name to Spark SQL over sources and other views, in an order in which each needs only
 *     earlier ones
 * @param steps in the order in which they run
 * @param limits the guards
 */
public record Plan(
    File file,
    Given given,
    Map<String, String> databases,
    Map<String, Source> sources,
    Map<String, String> views,
    List<Step> steps,
    Limits limits,
    Settings settings) {

  /**
   * The file of a plan.
   *
   * @param name as the file gives it; the ledger and the report know the run by it
   * @param location where the file was read from, for messages
   * @param hash SHA-256 in hexadecimal over what decides which rows are written: the job's version,
   *     the resolved steps, sources, views, params, {@code only-if} and zone, and the limits. No
   *     setting that only decides how fast, no address, no secret
   */
  public record File(String name, String location, String hash) {}

  /**
   * What holds for a whole plan.
   *
   * @param onlyIf a PostgreSQL condition; false means that the plan does not apply
   * @param timeZone what a moment without a zone means, in every query and condition; a zone's name
   * @param params name to value: a {@link String}, {@link Boolean}, {@link Long} or {@link Double}
   * @param never what a run must never do, in the order of the file's lines
   */
  public record Given(
      Optional<String> onlyIf, String timeZone, Map<String, Object> params, List<Never> never) {
    public Given {
      params = InOrder.copy(params);
      never = List.copyOf(never);
    }
  }

  /** The zone of a plan that names none. */
  public static final String UTC = "UTC";

  /** The database that every step writes to. */
  public static final String MAIN = "main";

  public Plan {
    databases = InOrder.copy(databases);
    sources = InOrder.copy(sources);
    views = InOrder.copy(views);
    steps = List.copyOf(steps);
  }

  /**
   * The sources that a step reads, itself or through others, and those of the checks that are about
   * it, in the plan's order.
   */
  public List<String> sourcesOf(Step step) {
    Set<String> names = namesReadFrom(reads(step));
    return sources.keySet().stream().filter(names::contains).toList();
  }

  /** The views among the relations of a step, each after those it needs. */
  public List<String> viewsOf(Step step) {
    Set<String> names = namesReadFrom(reads(step));
    return views.keySet().stream().filter(names::contains).toList();
  }

  /** The sources that a view or a source reads, itself or through others, in the plan's order. */
  public List<String> sourcesOfView(String view) {
    Set<String> names = namesReadFrom(Set.of(view));
    return sources.keySet().stream().filter(names::contains).toList();
  }

  /**
   * The sources and views that a step reads, itself or through others, and those of the checks that
   * are about it, each after those it needs.
   */
  public List<String> relationsOf(Step step) {
    Set<String> names = namesReadFrom(reads(step));
    return new RelationOrder(needs()).ordered().stream().filter(names::contains).toList();
  }

  /** The same steps, sources and views, or fewer of them. */
  public Plan with(Map<String, Source> sources, Map<String, String> views, List<Step> steps) {
    return new Plan(file, given, databases, sources, views, steps, limits, settings);
  }

  /** The same plan, whose steps are written in this way; it has the same hash. */
  public Plan written(UnaryOperator<Settings.Write> how) {
    return new Plan(
        file,
        given,
        databases,
        sources,
        views,
        written(steps, how),
        limits,
        settings.with(how.apply(settings.write())));
  }

  /** The same steps, written in this way. */
  public static List<Step> written(List<Step> steps, UnaryOperator<Settings.Write> how) {
    return steps.stream()
        .map(step -> step instanceof Step.Fill fill ? fill.with(how.apply(fill.write())) : step)
        .toList();
  }

  /** The same plan, of what it must never do only this. */
  public Plan with(List<Never> never) {
    return new Plan(
        file,
        new Given(onlyIf(), timeZone(), params(), never),
        databases,
        sources,
        views,
        steps,
        limits,
        settings);
  }

  /** The same plan, with nothing said of what it must never do: as it is verified. */
  public Plan withoutNever() {
    return with(List.of());
  }

  /** What a run must never do, in the order of the file's lines. */
  public List<Never> never() {
    return given.never();
  }

  /** The sources that a check reads, itself or through others, in the plan's order. */
  public List<String> sourcesOf(Never check) {
    Set<String> names = namesReadFrom(check.reads());
    return sources.keySet().stream().filter(names::contains).toList();
  }

  public String name() {
    return file.name();
  }

  public String hash() {
    return file.hash();
  }

  public Optional<String> onlyIf() {
    return given.onlyIf();
  }

  public String timeZone() {
    return given.timeZone();
  }

  public Map<String, Object> params() {
    return given.params();
  }

  private Set<String> reads(Step step) {
    Set<String> names = new LinkedHashSet<>();
    if (step instanceof Step.Fill fill) {
      names.addAll(fill.reads());
      never().stream()
          .filter(check -> check.isAbout(step))
          .forEach(check -> names.addAll(check.reads()));
    }
    return names;
  }

  private Set<String> namesReadFrom(Set<String> start) {
    Map<String, Set<String>> needs = needs();
    Set<String> names = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(start);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (names.add(name)) {
        open.addAll(needs.getOrDefault(name, Set.of()));
      }
    }
    return names;
  }

  private Map<String, Set<String>> needs() {
    return RelationOrder.needs(sources.values(), views);
  }
}
