package backfill.plan;

import backfill.plan.level.LevelOrder;
import backfill.plan.level.LevelParser;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Reads one step after the other; a step with a problem is reported, and left out. */
final class StepParser {
  private final Set<String> tables;
  private final SqlCheck sql;
  private final SettingsParser settings;
  private final RowsParser rows;
  private final ChangeParser changes;
  private final boolean mayDelete;

  /**
   * @param tables the names that {@code from} may say: sources and views
   * @param mayDelete whether the plan lets its steps take rows away
   */
  StepParser(Set<String> tables, SqlCheck sql, SettingsParser settings, boolean mayDelete) {
    this.tables = tables;
    this.sql = sql;
    this.settings = settings;
    this.rows = new RowsParser(sql, settings);
    this.changes = new ChangeParser(sql, settings);
    this.mayDelete = mayDelete;
  }

  /**
   * @param node owned by its position, until its name is known
   */
  Optional<Step> read(Node node) {
    int before = node.problems().size();
    Optional<String> name = node.requiredText("name");
    Node step = name.map(found -> node.ownedBy("step " + found)).orElse(node);
    name.filter(found -> !Node.NAME.matcher(found).matches())
        .ifPresent(found -> step.problem("name", Node.NAME_EXPECTED + found));
    Optional<String> onlyIf = step.text("only-if");
    onlyIf.ifPresent(condition -> sql.condition(step, "only-if", condition));
    Optional<String> kind = step.requiredText("kind");
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    Step read =
        switch (kind.get()) {
          case "pairs" -> pairs(step, name.orElse(""), onlyIf);
          case "rows" -> rows.read(step, name.orElse(""), onlyIf);
          case "batches" -> changes.batches(step, name.orElse(""), onlyIf);
          case "ddl" -> changes.ddl(step, name.orElse(""), onlyIf);
          default -> {
            step.problem("kind", "must be pairs, rows, batches or ddl, got " + kind.get());
            yield null;
          }
        };
    if (read != null) {
      refuseDeletion(step, read);
      step.done();
    }
    return step.problems().size() > before ? Optional.empty() : Optional.of(read);
  }

  private void refuseDeletion(Node step, Step read) {
    if (read.deletes() && !mayDelete) {
      step.problem(
          step.owner()
              + " deletes rows of "
              + read.target()
              + ", and the plan does not say allow-delete = true; say it if they may go");
    }
  }

  private Step pairs(Node step, String name, Optional<String> onlyIf) {
    KeyWidths widths = new KeyWidths();
    LevelParser levels =
        new LevelParser(step, step.object("into").flatMap(into -> into.value("level")).isPresent());
    List<GrantSources.Grant> direct = grants(step, "direct", "user", widths, levels::direct);
    List<GrantSources.Grant> through = grants(step, "through", "group", widths, levels::through);
    List<GrantSources.Membership> members = new ArrayList<>();
    for (Node each : step.objects("members")) {
      members.add(
          new GrantSources.Membership(
              from(each),
              widths.of(each, "group", "group"),
              widths.of(each, "user", "user"),
              levels.member(each)));
      each.done();
    }
    List<GrantSources.Nested> nested = nested(step, "nested", "group", widths, levels);
    GrantSources.Hierarchy hierarchy = hierarchy(step, direct, through, widths, levels);
    levels.refuseWaysWithout();
    boolean hasDirect = isGiven(step, "direct");
    boolean hasThrough = isGiven(step, "through");
    boolean hasMembers = isGiven(step, "members");
    if (!hasDirect && !hasThrough) {
      step.problem(step.owner() + " grants nothing; give it direct, or through and members");
    }
    if (hasThrough && !hasMembers) {
      step.problem(step.owner() + " has through, but no members that say who is in a group");
    } else if (hasMembers && !hasThrough) {
      step.problem(step.owner() + " has members, but no through that grants a group anything");
    }
    if (isGiven(step, "nested") && !hasThrough) {
      step.problem(
          step.owner() + " has nested groups, but no through that grants a group anything");
    }
    IntoPairs target =
        step.requiredObject("into").map(into -> intoPairs(into, widths)).orElse(null);
    return new Step.Pairs(
        name,
        onlyIf,
        new GrantSources(direct, through, members, nested, hierarchy, levels.known()),
        target,
        RowsParser.surplus(step, Step.Surplus.REPORT),
        RowsParser.owns(step, sql),
        settings.write(step));
  }

  /** A list that is there with something in it, or is no list at all, which is reported already. */
  private static boolean isGiven(Node step, String key) {
    return step.value(key).filter(value -> !List.of().equals(value.unwrapped())).isPresent();
  }

  private List<GrantSources.Grant> grants(
      Node step,
      String key,
      String grantee,
      KeyWidths widths,
      Function<Node, Optional<LevelOrder.OfSource>> level) {
    List<GrantSources.Grant> grants = new ArrayList<>();
    for (Node each : step.objects(key)) {
      grants.add(
          new GrantSources.Grant(
              from(each),
              widths.of(each, "object", "object"),
              widths.of(each, grantee, grantee),
              level.apply(each)));
      each.done();
    }
    return grants;
  }

  private GrantSources.Hierarchy hierarchy(
      Node step,
      List<GrantSources.Grant> direct,
      List<GrantSources.Grant> through,
      KeyWidths widths,
      LevelParser levels) {
    List<GrantSources.Nested> objects = nested(step, "objects", "object", widths, levels);
    Optional<String> leaves = step.text("leaves");
    if (leaves.isEmpty()) {
      return new GrantSources.Hierarchy(objects, Optional.empty());
    }
    if (!isGiven(step, "objects")) {
      step.problem(step.owner() + " has leaves, but no objects that say what is within what");
    }
    Map<String, List<String>> columns = new LinkedHashMap<>();
    objects.forEach(each -> columns.putIfAbsent(each.from(), each.child()));
    direct.forEach(grant -> columns.putIfAbsent(grant.from(), grant.object()));
    through.forEach(grant -> columns.putIfAbsent(grant.from(), grant.object()));
    List<String> column = columns.get(leaves.get());
    if (column == null) {
      step.problem(
          "leaves",
          "names "
              + leaves.get()
              + ", which no objects, direct or through of the step reads"
              + Nearest.hint(leaves.get(), columns.keySet()));
    }
    return new GrantSources.Hierarchy(
        objects, Optional.ofNullable(column).map(of -> new GrantSources.Leaves(leaves.get(), of)));
  }

  private List<GrantSources.Nested> nested(
      Node step, String key, String of, KeyWidths widths, LevelParser levels) {
    List<GrantSources.Nested> nested = new ArrayList<>();
    for (Node each : step.objects(key)) {
      GrantSources.Nested edges =
          new GrantSources.Nested(
              from(each),
              widths.of(each, "parent", of),
              widths.of(each, "child", of),
              levels.edge(each));
      if (!edges.parent().isEmpty() && edges.parent().equals(edges.child())) {
        each.problem("child", same(edges.child(), "parent"));
      }
      nested.add(edges);
      each.done();
    }
    return nested;
  }

  private String from(Node node) {
    Optional<String> from = node.requiredText("from");
    from.filter(name -> !tables.contains(name))
        .ifPresent(
            name ->
                node.problem(
                    "from",
                    "names "
                        + name
                        + ", which is neither a source nor a view"
                        + Nearest.hint(name, tables)));
    return from.orElse("");
  }

  static String column(Node node, String key) {
    return node.requiredText(key).orElse("");
  }

  /** The columns of a key: a name, or a list of names. */
  private static List<String> columns(Node node, String key) {
    return node.value(key).filter(value -> value.valueType() == ConfigValueType.LIST).isPresent()
        ? node.texts(key)
        : node.requiredText(key).map(List::of).orElse(List.of());
  }

  private IntoPairs intoPairs(Node into, KeyWidths widths) {
    String table = column(into, "table");
    List<String> object = columns(into, "object");
    List<String> user = columns(into, "user");
    if (!object.isEmpty() && !user.isEmpty()) {
      widths.agree(into, Map.of("object", object, "user", user));
      if (object.equals(user)) {
        into.problem("user", same(user, "object"));
      } else if (object.containsAll(user)) {
        into.problem(
            "user", "has no column that object does not have; a user needs one of its own");
      } else if (user.containsAll(object)) {
        into.problem(
            "object", "has no column that user does not have; an object needs one of its own");
      }
    }
    Map<String, String> set = into.namedTexts("set");
    into.object("set")
        .ifPresent(block -> set.forEach((column, value) -> sql.assigned(block, column, value)));
    Optional<String> level = into.text("level");
    Stream.of(object.stream(), user.stream(), level.stream())
        .flatMap(columns -> columns)
        .distinct()
        .filter(set::containsKey)
        .forEach(
            column ->
                into.problem(
                    "set", "sets " + column + ", which each pair has a value for; leave it out"));
    level
        .filter(column -> object.contains(column) || user.contains(column))
        .ifPresent(
            column ->
                into.problem(
                    "level",
                    "is the column %s, which is part of the key; name another".formatted(column)));
    into.done();
    return new IntoPairs(table, object, user, set, level);
  }

  private static String same(List<String> columns, String other) {
    return columns.size() == 1
        ? "is the column " + columns.get(0) + ", and so is " + other + "; name two columns"
        : "is the columns " + named(columns) + ", and so is " + other + "; name others";
  }

  private static String named(List<String> columns) {
    return String.join(", ", columns);
  }

  /**
   * How many columns name an object, a group and a user of one step: the same number wherever it is
   * named, or keys of one could not be those of another.
   */
  private static final class KeyWidths {
    private final List<Key> keys = new ArrayList<>();

    /** A key as one source has it. */
    private record Key(Node node, String name, String of, List<String> columns) {}

    /** The columns under a key of the node, which identify such a thing. */
    List<String> of(Node node, String key, String of) {
      List<String> columns = columns(node, key);
      if (!columns.isEmpty()) {
        keys.add(new Key(node, key, of, columns));
      }
      return columns;
    }

    /**
     * Names each key that differs: from what the target has, and of groups from the first one.
     *
     * @param target what is named to its columns
     */
    void agree(Node into, Map<String, List<String>> target) {
      Map<String, Key> first = new LinkedHashMap<>();
      target.forEach((of, columns) -> first.put(of, new Key(into, "into." + of, of, columns)));
      for (Key key : keys) {
        Key other =
            first.computeIfAbsent(
                key.of(), of -> new Key(key.node(), "the first " + of, of, key.columns()));
        if (other.columns().size() != key.columns().size()) {
          key.node()
              .problem(
                  key.name(),
                  "has %s (%s), and %s has %s (%s); name %s by the same number of columns everywhere"
                      .formatted(
                          Amount.of(key.columns().size(), "column"),
                          named(key.columns()),
                          other.name(),
                          Amount.of(other.columns().size(), "column"),
                          named(other.columns()),
                          key.of().equals("object") ? "an object" : "a " + key.of()));
        }
      }
    }
  }
}
