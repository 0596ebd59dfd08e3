package backfill.plan;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the resolved tree of a plan into its records, and checks what its parts say of each other.
 */
final class PlanParser {

  /** What the names of a database's variables begin with. */
  private static final Pattern PREFIX = Pattern.compile("[A-Z][A-Z0-9_]*");

  private static final String PREFIX_EXPECTED =
      "must be what the names of its variables begin with, as in BACKFILL_CI for BACKFILL_CI_URL; got ";

  private static final String ZONE_EXPECTED =
      "must be the name of a time zone that PostgreSQL and Java know, as in UTC or Europe/Berlin, got ";

  /** The key that says what a moment without a zone means. */
  static final String TIME_ZONE = "time-zone";

  /** The key that lets steps take rows away. */
  static final String ALLOW_DELETE = "allow-delete";

  private final String location;
  private final ConfigObject root;
  private final FoundProblems problems;
  private final Node plan;

  PlanParser(String location, ConfigObject root, FoundProblems problems) {
    this.location = location;
    this.root = root;
    this.problems = problems;
    this.plan = new Node(root, "the plan", "", problems);
  }

  /**
   * @throws InvalidPlanException with every problem, those found earlier among them
   */
  Plan read(String jobVersion) {
    Optional<String> name = plan.requiredText("name");
    name.filter(found -> !Node.NAME.matcher(found).matches())
        .ifPresent(found -> plan.problem("name", Node.NAME_EXPECTED + found));
    Map<String, Object> params = params();
    SqlCheck sql = new SqlCheck(params.keySet());
    Optional<String> onlyIf = plan.text("only-if");
    onlyIf.ifPresent(condition -> sql.condition(plan, "only-if", condition));
    String timeZone = timeZone();
    Map<String, String> databases = databases();
    Map<String, Source> sources = new SourceParser(plan, sql, databases.keySet()).sources();
    Map<String, String> views = views(sql, sources);
    SourceParser.checkKeys(plan, sources, views.keySet());
    SettingsParser settings = new SettingsParser(plan, sql);
    Set<String> tables = new LinkedHashSet<>(sources.keySet());
    tables.addAll(views.keySet());
    boolean mayDelete = plan.flag(ALLOW_DELETE);
    settings.checkOnRevoked(plan, mayDelete);
    NeverParser never = new NeverParser(plan, sql);
    List<Step> steps = steps(new StepParser(tables, sql, settings, mayDelete));
    plan.done();
    problems.throwIfAny();
    List<Never> checks = never.of(steps, tables);
    settings.refuseExceptionsBut(steps.stream().map(Step::name).toList());
    problems.throwIfAny();
    Limits limits = settings.limits();
    return new Plan(
        new Plan.File(
            name.orElseThrow(), location, PlanHash.of(root, timeZone, limits, jobVersion)),
        new Plan.Given(onlyIf, timeZone, params, checks),
        databases,
        sources,
        views,
        steps,
        limits,
        settings.settings());
  }

  private String timeZone() {
    Optional<String> zone = plan.text(TIME_ZONE);
    zone.filter(name -> !isKnownZone(name))
        .ifPresent(name -> plan.problem(TIME_ZONE, ZONE_EXPECTED + name));
    return zone.orElse(Plan.UTC);
  }

  /**
   * Whether it means the same to PostgreSQL and to Spark. Not an offset: {@code +02:00} is east of
   * Greenwich for Java and west of it for PostgreSQL, which reads it as POSIX does; nor Java's
   * SystemV zones, of which PostgreSQL knows other rules.
   */
  private static boolean isKnownZone(String name) {
    return ZoneId.getAvailableZoneIds().contains(name) && !name.startsWith("SystemV/");
  }

  private Map<String, Object> params() {
    Map<String, Object> params = new LinkedHashMap<>();
    Optional<Node> node = plan.object("params");
    for (String name : node.map(Node::keys).orElse(List.of())) {
      ConfigValue value = node.get().value(name).orElseThrow();
      params.put(name, param(value));
      if (name.equals(SqlCheck.NOW)) {
        problems.at(value.origin(), "param now is taken: :now is the server's time at the start");
      } else if (!Node.IDENTIFIER.matcher(name).matches()) {
        problems.at(value.origin(), "param " + name + Node.IDENTIFIER_EXPECTED);
      }
      if (!isScalar(value)) {
        problems.at(
            value.origin(),
            "param "
                + name
                + " must be text, a number, true or false, got "
                + Node.describe(value));
      }
    }
    return params;
  }

  private static boolean isScalar(ConfigValue value) {
    return value.valueType() == ConfigValueType.STRING
        || value.valueType() == ConfigValueType.NUMBER
        || value.valueType() == ConfigValueType.BOOLEAN;
  }

  /** Whole numbers are {@link Long}, whatever their size. */
  private static Object param(ConfigValue value) {
    return value.unwrapped() instanceof Integer whole
        ? (Object) whole.longValue()
        : value.unwrapped();
  }

  private Map<String, String> databases() {
    Map<String, String> databases = new LinkedHashMap<>(Map.of(Plan.MAIN, "BACKFILL"));
    for (Node all : plan.object("databases").stream().toList()) {
      for (String name : all.keys()) {
        ConfigValue value = all.value(name).orElseThrow();
        checkIdentifier(value, "database " + name);
        if (name.equals(Plan.MAIN)) {
          problems.at(
              value.origin(), "database main is always there, with BACKFILL_URL; leave it out");
        }
        for (Node database : all.object(name).stream().toList()) {
          String prefix = database.requiredText("env").orElse("");
          if (!prefix.isEmpty() && !PREFIX.matcher(prefix).matches()) {
            database.problem("env", PREFIX_EXPECTED + prefix);
          } else if (databases.containsValue(prefix)) {
            database.problem("env", "is " + prefix + ", as of another database");
          }
          databases.put(name, prefix);
          database.done();
        }
      }
    }
    return databases;
  }

  private void checkIdentifier(ConfigValue value, String what) {
    String name = what.substring(what.indexOf(' ') + 1);
    if (!Node.IDENTIFIER.matcher(name).matches()) {
      problems.at(value.origin(), what + Node.IDENTIFIER_EXPECTED);
    }
  }

  private Map<String, String> views(SqlCheck sql, Map<String, Source> sources) {
    Map<String, String> views = new LinkedHashMap<>();
    Optional<Node> node = plan.object("views");
    for (String name : node.map(Node::keys).orElse(List.of())) {
      ConfigValue value = node.get().value(name).orElseThrow();
      Optional<String> query = node.get().text(name);
      query.ifPresent(text -> sql.query(node.get(), name, text));
      if (!Node.IDENTIFIER.matcher(name).matches()) {
        problems.at(value.origin(), "view " + name + Node.IDENTIFIER_EXPECTED);
      }
      if (sources.containsKey(name)) {
        problems.at(value.origin(), name + " is both a source and a view; give each its own name");
      }
      views.put(name, query.orElse(""));
    }
    RelationOrder order = new RelationOrder(RelationOrder.needs(sources.values(), views));
    for (List<String> cycle : order.cycles()) {
      String first = cycle.get(0);
      (views.containsKey(first) ? node : plan.object("sources"))
          .orElseThrow()
          .problem(first, "needs itself: " + String.join(" -> ", cycle));
    }
    Map<String, String> ordered = new LinkedHashMap<>();
    order.ordered().stream()
        .filter(views::containsKey)
        .forEach(name -> ordered.put(name, views.get(name)));
    return ordered;
  }

  private List<Step> steps(StepParser reader) {
    List<Step> steps = new ArrayList<>();
    if (!plan.required("steps")) {
      return steps;
    }
    List<Node> nodes = plan.objects("steps");
    if (plan.value("steps").filter(value -> List.of().equals(value.unwrapped())).isPresent()) {
      plan.problem("steps", "must not be empty");
    }
    Map<String, Integer> lines = new HashMap<>();
    for (int index = 0; index < nodes.size(); index++) {
      Node node = nodes.get(index).ownedBy("step " + (index + 1));
      reader.read(node).ifPresent(steps::add);
      node.value("name")
          .ifPresent(
              name -> {
                Integer first =
                    lines.putIfAbsent(String.valueOf(name.unwrapped()), name.origin().lineNumber());
                if (first != null) {
                  problems.at(
                      name.origin(),
                      "step "
                          + name.unwrapped()
                          + " is given twice, first on line "
                          + first
                          + "; give each its own name");
                }
              });
    }
    return steps;
  }
}
