package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.TableName;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Counts on the server how many pairs a step yields, without what the target has already. */
final class PairCount {
  private final Plan plan;
  private final Step.Pairs step;
  private final Map<String, Table> sources;
  private final String now;

  private PairCount(Plan plan, Step.Pairs step, Map<String, Table> sources, String now) {
    this.plan = plan;
    this.step = step;
    this.sources = sources;
    this.now = now;
  }

  /**
   * Empty where no statement on one server can count it: the step reads a view, tables of several
   * databases, or one that is not there yet.
   */
  static Optional<PairCount> of(
      Plan plan, Step.Pairs step, Map<String, Table> sources, String now) {
    boolean tablesAlone =
        step.reads().stream()
            .allMatch(from -> sources.containsKey(from) && !sources.get(from).isPending());
    PairCount run = new PairCount(plan, step, sources, now);
    return tablesAlone && run.databases().size() == 1 ? Optional.of(run) : Optional.empty();
  }

  private Set<String> databases() {
    return step.reads().stream()
        .map(from -> plan.sources().get(from).database())
        .collect(Collectors.toSet());
  }

  /** Where it is counted. */
  String database() {
    return databases().iterator().next();
  }

  /** Duplicates counted as often as they are there: one pass over each source. */
  long atMost(Inquiry inquiry) throws SQLException {
    List<String> counts = new ArrayList<>();
    for (String direct : direct()) {
      counts.add("(SELECT pg_catalog.count(*) FROM (" + direct + ") d)");
    }
    if (hasGroups() && !step.nested().isEmpty()) {
      // What is nested in what is not followed for a bound.
      counts.add(
          "(SELECT pg_catalog.count(*) FROM ("
              + union(through())
              + ") t) * (SELECT pg_catalog.count(DISTINCT u)::numeric FROM ("
              + union(members())
              + ") m)");
    } else if (hasGroups()) {
      counts.add(
          "(SELECT coalesce(pg_catalog.sum(m.users), 0) FROM ("
              + union(through())
              + ") t JOIN (SELECT g, pg_catalog.count(*) AS users FROM ("
              + union(members())
              + ") x GROUP BY g) m ON m.g = t.g)");
    }
    return count(inquiry, "SELECT " + (counts.isEmpty() ? "0" : String.join(" + ", counts)));
  }

  /** Each pair once. */
  long exactly(Inquiry inquiry) throws SQLException {
    List<String> pairs = new ArrayList<>(direct());
    if (hasGroups() && !step.nested().isEmpty()) {
      pairs.add(nestedPairs());
    } else if (hasGroups()) {
      pairs.add(
          "SELECT t.o, m.u FROM ("
              + union(through())
              + ") t JOIN ("
              + union(members())
              + ") m ON m.g = t.g");
    }
    return count(
        inquiry,
        "SELECT pg_catalog.count(*) FROM (SELECT DISTINCT o, u FROM ("
            + union(pairs)
            + ") p WHERE o IS NOT NULL AND u IS NOT NULL) q");
  }

  /** UNION, and not UNION ALL: groups may be nested in a circle. */
  private String nestedPairs() {
    return """
    SELECT t.o, m.u FROM (%s) t
    JOIN (WITH RECURSIVE edges(p, c) AS (%s), below(g, r) AS (
            SELECT t.g, t.g FROM (%s) t
            UNION SELECT below.g, edges.c FROM below JOIN edges ON edges.p = below.r)
          SELECT g, r FROM below) held ON held.g = t.g
    JOIN (%s) m ON m.g = held.r"""
        .formatted(union(through()), union(nested()), union(through()), union(members()));
  }

  private boolean hasGroups() {
    return !step.through().isEmpty() && !step.members().isEmpty();
  }

  private List<String> direct() {
    return step.direct().stream()
        .map(grant -> columns(grant.from(), as(grant.object(), "o"), as(grant.grantee(), "u")))
        .toList();
  }

  private List<String> through() {
    return step.through().stream()
        .map(
            grant ->
                columns(
                    grant.from(),
                    as(grant.object(), "o"),
                    group(grant.from(), grant.grantee()) + " AS g"))
        .toList();
  }

  private List<String> nested() {
    return step.nested().stream()
        .map(
            edges ->
                columns(
                    edges.from(),
                    group(edges.from(), edges.parent()) + " AS p",
                    group(edges.from(), edges.child()) + " AS c"))
        .toList();
  }

  /** A recursive query needs groups of one type, and of one collation. */
  private String group(String from, String name) {
    if (step.nested().isEmpty()) {
      return TableName.quote(name);
    }
    KeyType type = sources.get(from).column(name).flatMap(KeyType::of).orElse(KeyType.TEXT);
    return TableName.quote(name)
        + "::pg_catalog."
        + type.element()
        + (type == KeyType.TEXT ? " COLLATE pg_catalog.\"C\"" : "");
  }

  private List<String> members() {
    return step.members().stream()
        .map(
            member ->
                columns(
                    member.from(),
                    group(member.from(), member.group()) + " AS g",
                    as(member.user(), "u")))
        .toList();
  }

  private static String as(String name, String called) {
    return TableName.quote(name) + " AS " + called;
  }

  private String columns(String from, String first, String second) {
    return "SELECT %s, %s FROM %s%s"
        .formatted(
            first,
            second,
            sources.get(from).name().quoted(),
            plan.sources()
                .get(from)
                .where()
                .map(where -> " WHERE (" + Parameters.inline(where, plan.params(), now) + "\n)")
                .orElse(""));
  }

  private static String union(List<String> parts) {
    return parts.stream().collect(Collectors.joining(" UNION ALL "));
  }

  private static long count(Inquiry inquiry, String sql) throws SQLException {
    return inquiry.askWithoutHurry(
        connection -> {
          BigDecimal rows = Inquiry.rows(connection, sql, row -> row.getBigDecimal(1)).get(0);
          return rows.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValueExact();
        });
  }
}
