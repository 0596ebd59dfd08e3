package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The databases that a run reaches, by the names that its plan gives them; main comes first. */
public final class NamedDatabases {
  private final Map<String, Database> named;

  private NamedDatabases(Map<String, Database> named) {
    this.named = Collections.unmodifiableMap(named);
  }

  /** For a plan that reads where it writes. */
  public static NamedDatabases only(Database main) {
    return new NamedDatabases(new LinkedHashMap<>(Map.of(Plan.MAIN, main)));
  }

  /**
   * Main, and those that these steps read, each from the variables of its prefix.
   *
   * @throws InvalidPlanException naming every variable that is missing or wrong, of all of them
   */
  public static NamedDatabases fromEnvironment(
      Plan plan, List<Step> steps, Map<String, String> environment) {
    Set<String> read =
        steps.stream()
            .flatMap(step -> plan.sourcesOf(step).stream())
            .map(source -> plan.sources().get(source))
            .map(Source::database)
            .collect(Collectors.toSet());
    Map<String, String> prefixes = new LinkedHashMap<>();
    prefixes.put(Plan.MAIN, plan.databases().get(Plan.MAIN));
    plan.databases().entrySet().stream()
        .filter(database -> read.contains(database.getKey()))
        .forEach(database -> prefixes.put(database.getKey(), database.getValue()));
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    prefixes.values().forEach(prefix -> problems.addAll(Database.problems(prefix, environment)));
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(problems);
    }
    Map<String, Database> named = new LinkedHashMap<>();
    prefixes.forEach(
        (name, prefix) ->
            named.put(
                name,
                Database.fromEnvironment(prefix, environment, plan.settings().connectTimeout())
                    .inZone(plan.timeZone())));
    return new NamedDatabases(named);
  }

  /** Where every step writes. */
  public Database main() {
    return named.get(Plan.MAIN);
  }

  /** Name to database. */
  public Map<String, Database> named() {
    return named;
  }

  /** Where each is, without a secret. */
  @Override
  public String toString() {
    return named.entrySet().stream()
        .map(
            database ->
                database.getKey().equals(Plan.MAIN)
                    ? database.getValue().toString()
                    : database.getKey() + ": " + database.getValue())
        .collect(Collectors.joining(", "));
  }
}
