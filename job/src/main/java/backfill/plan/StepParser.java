package backfill.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
    List<GrantSources.Grant> direct = grants(step, "direct", "user");
    List<GrantSources.Grant> through = grants(step, "through", "group");
    List<GrantSources.Membership> members = new ArrayList<>();
    for (Node each : step.objects("members")) {
      members.add(
          new GrantSources.Membership(from(each), column(each, "group"), column(each, "user")));
      each.done();
    }
    List<GrantSources.Nested> nested = nested(step, "nested");
    GrantSources.Hierarchy hierarchy = hierarchy(step, direct, through);
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
    Step.IntoPairs target = step.requiredObject("into").map(this::intoPairs).orElse(null);
    return new Step.Pairs(
        name,
        onlyIf,
        new GrantSources(direct, through, members, nested, hierarchy),
        target,
        RowsParser.surplus(step, Step.Surplus.REPORT),
        RowsParser.owns(step, sql),
        settings.write(step));
  }

  /** A list that is there with something in it, or is no list at all, which is reported already. */
  private static boolean isGiven(Node step, String key) {
    return step.value(key).filter(value -> !List.of().equals(value.unwrapped())).isPresent();
  }

  private List<GrantSources.Grant> grants(Node step, String key, String grantee) {
    List<GrantSources.Grant> grants = new ArrayList<>();
    for (Node each : step.objects(key)) {
      grants.add(new GrantSources.Grant(from(each), column(each, "object"), column(each, grantee)));
      each.done();
    }
    return grants;
  }

  private GrantSources.Hierarchy hierarchy(
      Node step, List<GrantSources.Grant> direct, List<GrantSources.Grant> through) {
    List<GrantSources.Nested> objects = nested(step, "objects");
    Optional<String> leaves = step.text("leaves");
    if (leaves.isEmpty()) {
      return new GrantSources.Hierarchy(objects, Optional.empty());
    }
    if (!isGiven(step, "objects")) {
      step.problem(step.owner() + " has leaves, but no objects that say what is within what");
    }
    Map<String, String> columns = new LinkedHashMap<>();
    objects.forEach(each -> columns.putIfAbsent(each.from(), each.child()));
    direct.forEach(grant -> columns.putIfAbsent(grant.from(), grant.object()));
    through.forEach(grant -> columns.putIfAbsent(grant.from(), grant.object()));
    String column = columns.get(leaves.get());
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

  private List<GrantSources.Nested> nested(Node step, String key) {
    List<GrantSources.Nested> nested = new ArrayList<>();
    for (Node each : step.objects(key)) {
      GrantSources.Nested edges =
          new GrantSources.Nested(from(each), column(each, "parent"), column(each, "child"));
      if (!edges.parent().isEmpty() && edges.parent().equals(edges.child())) {
        each.problem(
            "child", "is the column " + edges.child() + ", and so is parent; name two columns");
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

  private Step.IntoPairs intoPairs(Node into) {
    String table = column(into, "table");
    String object = column(into, "object");
    String user = column(into, "user");
    if (!object.isEmpty() && object.equals(user)) {
      into.problem("user", "is the column " + user + ", and so is object; name two columns");
    }
    into.done();
    return new Step.IntoPairs(table, object, user);
  }
}
