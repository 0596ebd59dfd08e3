package backfill.postgres.explain;

import backfill.plan.GrantSources;
import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.IndexCatalog;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PairTypes;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.preflight.SourceCheck;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds the tables of one step, by the same rules as a run: a source that would be refused there is
 * refused here, with the same sentence.
 */
final class StepTables {
  private final Plan plan;
  private final Step.Pairs step;
  private final SnapshotLook look;
  private final String now;
  private final Findings findings;
  private final Map<String, Table> sources = new LinkedHashMap<>();
  private final Map<String, Relation> relations = new LinkedHashMap<>();
  private final Set<String> unseen = new LinkedHashSet<>();

  StepTables(Plan plan, Step.Pairs step, SnapshotLook look, String now, Findings findings) {
    this.plan = plan;
    this.step = step;
    this.look = look;
    this.now = now;
    this.findings = findings;
  }

  /**
   * The target as it is looked at.
   *
   * @param foreign its rows that are not the step's; empty where all are
   */
  record Target(Relation own, Optional<Relation> foreign, List<Column> object, List<Column> user) {}

  /** The target, or reasons among the findings. */
  Optional<Target> target() throws SQLException {
    TargetLookup lookup = new TargetLookup(plan, look, now, findings);
    int before = findings.reasons().size();
    Optional<Table> found = lookup.find(step);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Table table = found.get();
    new PairTypes(Findings.place(step), Map.of(), Shapes.NONE, findings).check(step, table);
    if (findings.reasons().size() > before) {
      return Optional.empty();
    }
    Optional<String> owns = lookup.owns(step, table);
    List<String> rowKey = rowKey(look.writing(), table);
    return Optional.of(
        new Target(
            new Relation(null, null, table, owns, Optional.empty(), rowKey),
            owns.map(
                condition ->
                    new Relation(
                        null,
                        null,
                        table,
                        Optional.of("(" + condition + "\n) IS NOT TRUE"),
                        Optional.empty(),
                        rowKey)),
            columns(table, step.into().object()),
            columns(table, step.into().user())));
  }

  private static List<Column> columns(Table table, List<String> names) {
    return names.stream().map(name -> table.column(name).orElseThrow()).toList();
  }

  /** Finds the sources that can be looked at, or reasons among the findings. */
  void find(Target target) throws SQLException {
    for (Source source : lookedAt()) {
      find(source);
    }
    new PairTypes(Findings.place(step), sources, Shapes.NONE, findings)
        .check(step, target.own().table());
    for (Map.Entry<String, Table> each : sources.entrySet()) {
      rights(plan.sources().get(each.getKey()), each.getValue());
    }
  }

  /** The sources that were found, once nothing is amiss with them. */
  Edge.OfStep edges(Target target) throws SQLException {
    List<Edge> direct = new ArrayList<>();
    for (GrantSources.Grant grant : step.direct()) {
      Relation from = relation(grant.from());
      if (from != null) {
        direct.add(
            new Edge(
                from,
                Stored.in(target.object(), from.columns(grant.object())),
                Stored.in(target.user(), from.columns(grant.grantee())),
                grant.level().orElse(null)));
      }
    }
    List<Edge> through = new ArrayList<>();
    for (GrantSources.Grant grant : step.through()) {
      Relation from = relation(grant.from());
      if (from != null) {
        through.add(
            new Edge(
                from,
                Stored.in(target.object(), from.columns(grant.object())),
                Stored.asItIs(from.columns(grant.grantee())),
                grant.level().orElse(null)));
      }
    }
    List<Edge> members = new ArrayList<>();
    for (GrantSources.Membership member : step.members()) {
      Relation from = relation(member.from());
      if (from != null) {
        members.add(
            new Edge(
                from,
                Stored.asItIs(from.columns(member.group())),
                Stored.in(target.user(), from.columns(member.user())),
                member.level().orElse(null)));
      }
    }
    return new Edge.OfStep(
        direct, through, members, nested(step.nested()), nested(step.objects()), leaves());
  }

  private List<Edge> nested(List<GrantSources.Nested> some) throws SQLException {
    List<Edge> nested = new ArrayList<>();
    for (GrantSources.Nested each : some) {
      Relation from = relation(each.from());
      if (from != null) {
        nested.add(
            new Edge(
                from,
                Stored.asItIs(from.columns(each.parent())),
                Stored.asItIs(from.columns(each.child())),
                each.level().orElse(null)));
      }
    }
    return nested;
  }

  private Optional<Edge> leaves() throws SQLException {
    Relation from = step.leaves().isEmpty() ? null : relation(step.leaves().get().from());
    return Optional.ofNullable(from)
        .map(of -> Stored.asItIs(of.columns(step.leaves().orElseThrow().object())))
        .map(object -> new Edge(from, object, object));
  }

  /** Why some of the step's sources are not looked at, a sentence each. */
  List<String> unseen() {
    return List.copyOf(unseen);
  }

  /**
   * Those that the step names, and those that give them their keys; what views read is left out.
   */
  private List<Source> lookedAt() {
    Set<String> names = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(step.reads());
    while (!open.isEmpty()) {
      Source source = plan.sources().get(open.pop());
      if (source != null && names.add(source.name())) {
        source.keyedBy().ifPresent(keyed -> keyed.keys().forEach(keys -> open.add(keys.from())));
      }
    }
    return plan.sources().values().stream()
        .filter(source -> names.contains(source.name()))
        .toList();
  }

  private void find(Source source) throws SQLException {
    Inquiry inquiry = look.reading(source.database());
    Optional<Table> table =
        new NameLookup(inquiry).find(SourceCheck.place(source), source.table(), findings);
    if (table.isPresent() && check(source).isReadable(source, table.get())) {
      sources.put(source.name(), table.get());
    }
  }

  private SourceCheck check(Source source) {
    return new SourceCheck(
        look.reading(source.database()), look.readingUser(source.database()), findings);
  }

  private void rights(Source source, Table table) throws SQLException {
    Set<String> needed = new LinkedHashSet<>();
    step.direct()
        .forEach(grant -> add(source, grant.from(), grant.object(), grant.grantee(), needed));
    step.through()
        .forEach(grant -> add(source, grant.from(), grant.object(), grant.grantee(), needed));
    step.members()
        .forEach(member -> add(source, member.from(), member.group(), member.user(), needed));
    Stream.concat(step.nested().stream(), step.objects().stream())
        .forEach(edges -> add(source, edges.from(), edges.parent(), edges.child(), needed));
    step.grants()
        .leveled()
        .forEach(level -> add(source, level.from(), List.of(level.column()), List.of(), needed));
    step.leaves()
        .ifPresent(leaves -> add(source, leaves.from(), leaves.object(), leaves.object(), needed));
    source.keyedBy().ifPresent(keyed -> needed.add(keyed.column()));
    plan.sources().values().stream()
        .flatMap(other -> other.keyedBy().stream())
        .flatMap(keyed -> keyed.keys().stream())
        .filter(keys -> keys.from().equals(source.name()))
        .forEach(keys -> needed.add(keys.column()));
    needed.retainAll(table.columnNames());
    if (!needed.isEmpty()) {
      check(source).rights(source, table, needed, plan, now);
    }
  }

  private static void add(
      Source source, String from, List<String> one, List<String> other, Set<String> needed) {
    if (from.equals(source.name())) {
      needed.addAll(one);
      needed.addAll(other);
    }
  }

  /** Null where it cannot be looked at; why is among {@link #unseen}. */
  private Relation relation(String from) throws SQLException {
    if (relations.containsKey(from)) {
      return relations.get(from);
    }
    Relation relation =
        plan.sources().containsKey(from) ? relation(plan.sources().get(from)) : null;
    if (plan.views().containsKey(from)) {
      unseen.add(
          "view %s is Spark SQL, and only a run computes it; plan with --only %s counts what it gives"
              .formatted(from, step.name()));
    }
    relations.put(from, relation);
    return relation;
  }

  private Relation relation(Source source) throws SQLException {
    Table table = sources.get(source.name());
    Optional<Relation.KeyedBy> keyedBy = Optional.empty();
    if (source.keyedBy().isPresent()) {
      Source.KeyedBy keyed = source.keyedBy().get();
      List<Relation.KeysFrom> keys = new ArrayList<>();
      Optional<Column> column = keyColumn(table, keyed.column());
      for (Source.KeyOrigin each : keyed.keys()) {
        Relation from = plan.views().containsKey(each.from()) ? null : relation(each.from());
        Optional<Column> values =
            from == null ? Optional.empty() : keyColumn(from.table(), each.column());
        if (column.isEmpty()
            || values.isEmpty()
            || Relation.type(column.get()) != Relation.type(values.get())) {
          unseen.add(
              "source %s is fetched by keys of %s, and only a run can tell which these are"
                  .formatted(source.name(), each.from()));
          return null;
        }
        keys.add(new Relation.KeysFrom(from, values.get()));
      }
      keyedBy = Optional.of(new Relation.KeyedBy(column.get(), keys));
    }
    return new Relation(
        source.name(),
        source.database(),
        table,
        source.where().map(where -> Parameters.inline(where, plan.params(), now)),
        keyedBy,
        rowKey(look.reading(source.database()), table));
  }

  private static Optional<Column> keyColumn(Table table, String name) {
    return table.column(name).filter(column -> KeyType.of(column).isPresent());
  }

  /** The primary key's columns, where all of them may be read. */
  private static List<String> rowKey(Inquiry inquiry, Table table) throws SQLException {
    List<String> key = new IndexCatalog(inquiry).primaryKey(table);
    boolean readable =
        inquiry.one(
            """
            SELECT coalesce(pg_catalog.bool_and(pg_catalog.has_column_privilege(?::pg_catalog.oid, c, 'SELECT')), true)
            FROM pg_catalog.unnest(?::pg_catalog.text[]) AS n(c)
            """,
            row -> row.getBoolean(1),
            table.oid(),
            key.toArray(String[]::new));
    return readable ? key : List.of();
  }
}
