package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
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
import java.util.stream.IntStream;

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
   * Empty where no statement on one server can count it in any time: the step reads a view, tables
   * of several databases, or one that is not there yet; or groups or objects are nested, which a
   * run closes faster than a recursive query. What a run would add is held against the sequence
   * before it writes, too.
   */
  static Optional<PairCount> of(
      Plan plan, Step.Pairs step, Map<String, Table> sources, String now) {
    boolean tablesAlone =
        step.reads().stream()
            .allMatch(from -> sources.containsKey(from) && !sources.get(from).isPending());
    PairCount run = new PairCount(plan, step, sources, now);
    boolean nests = !step.nested().isEmpty() || !step.objects().isEmpty();
    return tablesAlone && !nests && run.databases().size() == 1
        ? Optional.of(run)
        : Optional.empty();
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
    if (hasGroups()) {
      counts.add(
          "(SELECT coalesce(pg_catalog.sum(m.users), 0) FROM ("
              + union(through())
              + ") t JOIN (SELECT "
              + groups()
              + ", pg_catalog.count(*) AS users FROM ("
              + union(members())
              + ") x GROUP BY "
              + groups()
              + ") m ON "
              + sameGroup()
              + ")");
    }
    return count(inquiry, "SELECT " + (counts.isEmpty() ? "0" : String.join(" + ", counts)));
  }

  /** Each pair once. */
  long exactly(Inquiry inquiry) throws SQLException {
    List<String> pairs = new ArrayList<>(direct());
    if (hasGroups()) {
      pairs.add(
          "SELECT "
              + each("t.%s", "o", step.into().object())
              + ", "
              + each("m.%s", "u", step.into().user())
              + " FROM ("
              + union(through())
              + ") t JOIN ("
              + union(members())
              + ") m ON "
              + sameGroup());
    }
    String key = each("%s", "o", step.into().object()) + ", " + each("%s", "u", step.into().user());
    return count(
        inquiry,
        "SELECT pg_catalog.count(*) FROM (SELECT DISTINCT "
            + key
            + " FROM ("
            + union(pairs)
            + ") p WHERE ("
            + key
            + ") IS NOT NULL"
            + crossing()
            + ") q");
  }

  /** What objects and users both have is the same of both, or they are no pair. */
  private String crossing() {
    return step.into().shared().stream()
        .map(
            name ->
                " AND o%d = u%d"
                    .formatted(
                        step.into().object().indexOf(name), step.into().user().indexOf(name)))
        .collect(Collectors.joining());
  }

  private String sameGroup() {
    return IntStream.range(0, groupColumns().size())
        .mapToObj(place -> "m.g%d = t.g%d".formatted(place, place))
        .collect(Collectors.joining(" AND "));
  }

  private String groups() {
    return each("%s", "g", groupColumns());
  }

  private List<String> groupColumns() {
    return step.through().get(0).grantee();
  }

  /** The names that the columns of a key have here. */
  private static String each(String format, String letter, List<String> columns) {
    return IntStream.range(0, columns.size())
        .mapToObj(place -> format.formatted(letter + place))
        .collect(Collectors.joining(", "));
  }

  private boolean hasGroups() {
    return !step.through().isEmpty() && !step.members().isEmpty();
  }

  private List<String> direct() {
    return step.direct().stream()
        .map(grant -> columns(grant.from(), grant.object(), "o", grant.grantee(), "u"))
        .toList();
  }

  private List<String> through() {
    return step.through().stream()
        .map(grant -> columns(grant.from(), grant.object(), "o", grant.grantee(), "g"))
        .toList();
  }

  private List<String> members() {
    return step.members().stream()
        .map(member -> columns(member.from(), member.group(), "g", member.user(), "u"))
        .toList();
  }

  private String columns(
      String from, List<String> first, String as, List<String> second, String asSecond) {
    return "SELECT %s, %s FROM %s%s"
        .formatted(
            named(first, as),
            named(second, asSecond),
            sources.get(from).name().quoted(),
            plan.sources()
                .get(from)
                .where()
                .map(where -> " WHERE (" + Parameters.inline(where, plan.params(), now) + "\n)")
                .orElse(""));
  }

  private static String named(List<String> columns, String as) {
    return IntStream.range(0, columns.size())
        .mapToObj(place -> TableName.quote(columns.get(place)) + " AS " + as + place)
        .collect(Collectors.joining(", "));
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
