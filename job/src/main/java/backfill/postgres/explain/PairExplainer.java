package backfill.postgres.explain;

import backfill.membership.key.JoinedKey;
import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.change.OnlyIf;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Server;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Explains a pair, or counts what one user has or who has one object: from the tables as they are
 * now, and from the ledger. Reads each server in one snapshot, and writes nothing.
 */
public final class PairExplainer {
  private final Plan plan;
  private final List<Step.Pairs> steps;
  private final Asked asked;
  private final SnapshotLook look;
  private final Findings findings = new Findings();

  private PairExplainer(Plan plan, List<Step.Pairs> steps, Asked asked, SnapshotLook look) {
    this.plan = plan;
    this.steps = steps;
    this.asked = asked;
    this.look = look;
  }

  /**
   * What is looked at of one step.
   *
   * @param object null for all, as is {@code user}
   * @param skipped why its sources are not looked at, or null
   */
  private record Subject(
      Step.Pairs step,
      StepTables tables,
      StepTables.Target target,
      String object,
      String user,
      String skipped) {

    StepExplanation.Subject told() {
      return new StepExplanation.Subject(
          step.name(),
          target.own().table().name().toString(),
          new StepExplanation.Side(named(step.into().object()), object),
          new StepExplanation.Side(named(step.into().user()), user),
          null,
          skipped,
          step.into().level().orElse(null));
    }

    private static String named(List<String> columns) {
      return String.join(", ", columns);
    }

    /** What the other side must hold; null where both are known. */
    Within within() {
      if (object != null && user != null) {
        return null;
      }
      return user == null ? Within.object(step.into(), object) : Within.user(step.into(), user);
    }

    /** Whether object and user differ in a column that both have, so that no row has both. */
    boolean crosses() {
      return object != null && user != null && !Within.object(step.into(), object).has(user);
    }

    /** The same with the reason why nothing can give it. */
    Subject crossing() {
      String reason =
          "object and user differ in %s, which both have, and no grant crosses it"
              .formatted(named(step.into().shared()));
      return new Subject(step, tables, target, object, user, reason);
    }

    /** Column to value of the pair. */
    Map<String, String> key() {
      Map<String, String> key = new LinkedHashMap<>();
      put(step.into().object(), object, key);
      put(step.into().user(), user, key);
      return key;
    }

    private static void put(List<String> columns, String value, Map<String, String> key) {
      List<String> values = columns.size() == 1 ? List.of(value) : JoinedKey.parts(value);
      for (int place = 0; place < columns.size(); place++) {
        key.put(columns.get(place), values.get(place));
      }
    }
  }

  /**
   * @param steps at least one, of the plan's
   * @throws InvalidPlanException if a key is no value of its column's type, in none of these steps
   * @throws NotReadyException if a server cannot be reached or a table cannot be read: every reason
   *     at once
   */
  public static Explanation of(
      Plan plan, List<Step.Pairs> steps, NamedDatabases databases, Asked asked) {
    return SnapshotLook.with(
        plan, databases, look -> new PairExplainer(plan, steps, asked, look).explain(databases));
  }

  private Explanation explain(NamedDatabases databases) throws SQLException {
    look.checkServers(databases, findings);
    String now = Server.now(look.writing());
    List<Subject> subjects = subjects(now);
    List<Subject> running = subjects.stream().filter(each -> each.skipped() == null).toList();
    for (Subject subject : running) {
      subject.tables().find(subject.target());
    }
    RowHistory history = RowHistory.look(plan, look, findings);
    findings.throwIfRefused();
    Map<Subject, Edge.OfStep> edges = new LinkedHashMap<>();
    for (Subject subject : running) {
      edges.put(subject, subject.tables().edges(subject.target()));
    }
    look.begin();
    List<StepExplanation> explained = new ArrayList<>();
    for (Subject subject : subjects) {
      explained.add(explained(subject, edges.get(subject), history));
    }
    return new Explanation(explained, look.sent());
  }

  private List<Subject> subjects(String now) throws SQLException {
    Map<Step.Pairs, StepTables> tables = new LinkedHashMap<>();
    Map<Step.Pairs, StepTables.Target> targets = new LinkedHashMap<>();
    for (Step.Pairs step : steps) {
      StepTables of = new StepTables(plan, step, look, now, findings);
      tables.put(step, of);
      of.target().ifPresent(target -> targets.put(step, target));
    }
    findings.throwIfRefused();
    OnlyIf onlyIf = new OnlyIf(look.writing(), plan, now, findings);
    boolean applies = onlyIf.planApplies();
    Set<String> skipped = applies ? onlyIf.skipped(List.copyOf(steps)) : Set.of();
    findings.throwIfRefused();
    List<Subject> subjects = new ArrayList<>();
    List<String> unfit = new ArrayList<>();
    for (Step.Pairs step : steps) {
      StepTables.Target target = targets.get(step);
      KeyValue object = value("--object", asked.object(), target, target.object());
      KeyValue user = value("--user", asked.user(), target, target.user());
      String reason = object.reason() != null ? object.reason() : user.reason();
      if (reason != null) {
        unfit.add(reason);
      } else {
        Subject subject =
            new Subject(
                step,
                tables.get(step),
                target,
                object.text(),
                user.text(),
                applies
                    ? skipped.contains(step.name()) ? "its only-if is false" : null
                    : "the plan does not apply here, its only-if is false");
        subjects.add(subject.crosses() ? subject.crossing() : subject);
      }
    }
    if (subjects.isEmpty()) {
      throw new InvalidPlanException("explain", String.join("; ", unfit));
    }
    return subjects;
  }

  private KeyValue value(
      String option, String given, StepTables.Target target, List<Column> columns)
      throws SQLException {
    return KeyValue.of(
        look.writing(), option, given, target.own().table().name().toString(), columns);
  }

  private StepExplanation explained(Subject subject, Edge.OfStep edges, RowHistory history)
      throws SQLException {
    RowLook rows = new RowLook(look, asked.limit());
    return new StepExplanation(
        subject.told(),
        edges == null ? null : leveled(subject, edges, rows),
        held(subject, rows),
        asked.pair() && !subject.crosses()
            ? history.of(
                look, subject.step().name(), subject.target().own().table().name(), subject.key())
            : null);
  }

  /** What is given; of many pairs that have levels with how many have which. */
  private StepExplanation.Given leveled(Subject subject, Edge.OfStep edges, RowLook rows)
      throws SQLException {
    StepExplanation.Given given = given(subject, edges, rows);
    if (asked.pair() || subject.step().into().level().isEmpty()) {
      return given;
    }
    LevelRanks ranks = new LevelRanks(subject.step().grants().levels());
    LevelCounts counts = new LevelCounts(rows, asked.limit(), edges, ranks, subject.within());
    return given.at(
        counts.byLevel(
            subject.user() == null
                ? counts.users(subject.object())
                : counts.objects(subject.user()),
            heldByLevel(subject, rows)));
  }

  private StepExplanation.Given given(Subject subject, Edge.OfStep edges, RowLook rows)
      throws SQLException {
    List<String> unseen = subject.tables().unseen();
    if (asked.pair() && subject.step().into().level().isPresent()) {
      return new LevelWays(
              rows, asked.limit(), edges, new LevelRanks(subject.step().grants().levels()))
          .find(subject.object(), subject.user(), unseen);
    }
    if (!subject.step().objects().isEmpty()) {
      HierarchyWays ways = new HierarchyWays(rows, asked.limit(), edges, unseen, subject.within());
      if (asked.pair()) {
        return ways.pair(subject.object(), subject.user());
      }
      return subject.user() == null ? ways.users(subject.object()) : ways.objects(subject.user());
    }
    if (asked.pair()) {
      return new PairWays(rows, asked.limit())
          .find(edges, subject.object(), subject.user(), unseen);
    }
    CountedWays counted = new CountedWays(rows, asked.limit(), subject.within());
    return subject.user() == null
        ? counted.users(edges, subject.object(), unseen)
        : counted.objects(edges, subject.user(), unseen);
  }

  private StepExplanation.Held held(Subject subject, RowLook rows) throws SQLException {
    StepTables.Target target = subject.target();
    return new StepExplanation.Held(
        held(target.own(), subject, rows),
        target.foreign().isPresent() ? held(target.foreign().get(), subject, rows) : null,
        asked.pair() && subject.step().into().level().isPresent() ? level(subject, rows) : null);
  }

  private static String level(Subject subject, RowLook rows) throws SQLException {
    Relation own = subject.target().own();
    return rows
        .query(
            own,
            rows.select(own, level(subject), sql -> matched(sql, subject)),
            row -> Optional.ofNullable(row.getString(1)))
        .stream()
        .flatMap(Optional::stream)
        .findFirst()
        .orElse(null);
  }

  private static Map<String, Long> heldByLevel(Subject subject, RowLook rows) throws SQLException {
    Relation own = subject.target().own();
    Map<String, Long> held = new LinkedHashMap<>();
    rows.query(
        own,
        rows.select(own, level(subject) + ", pg_catalog.count(*)", sql -> matched(sql, subject))
            .add(" GROUP BY 1"),
        row -> held.put(row.getString(1), row.getLong(2)));
    return held;
  }

  private static String level(Subject subject) {
    Relation own = subject.target().own();
    Column level = own.table().column(subject.step().into().level().orElseThrow()).orElseThrow();
    return Relation.quoted(level) + "::pg_catalog.text";
  }

  private StepExplanation.Found held(Relation relation, Subject subject, RowLook rows)
      throws SQLException {
    RowLook.Match match = sql -> matched(sql, subject);
    return asked.pair()
        ? rows.found(relation, subject.step().key(), match)
        : new StepExplanation.Found(
            null, relation.table().name().toString(), rows.count(relation, "*", match), List.of());
  }

  private static Sql matched(Sql sql, Subject subject) {
    StepTables.Target target = subject.target();
    if (subject.object() != null) {
      Stored.asItIs(target.object()).is(sql, subject.object());
    }
    if (subject.user() != null) {
      sql.add(subject.object() == null ? "" : " AND ");
      Stored.asItIs(target.user()).is(sql, subject.user());
    }
    return sql;
  }
}
