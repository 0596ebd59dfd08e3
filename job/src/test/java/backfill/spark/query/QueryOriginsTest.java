package backfill.spark.query;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPackages;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSeats;
import backfill.testing.TestingSpark;
import backfill.testing.TestingUpstreamTables;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the columns of queries come from, as Spark understands the queries. */
class QueryOriginsTest {
  private static TestingDatabase database;
  private static PreflightResult ready;

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int, t text, d bigint[])",
        "CREATE TABLE b (id int PRIMARY KEY, a_id int, m int, t text)",
        "CREATE TABLE target (id int PRIMARY KEY, v text)");
    ready = preflight(plan("SELECT id, t AS v FROM a"), NamedDatabases.only(connected()));
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  private static Database connected() {
    return Database.fromEnvironment("BACKFILL", database.environment(), Duration.ofSeconds(10));
  }

  private static Plan plan(String query) {
    return PlanFile.read(
        "origins.conf",
        """
        name = origins
        params { p = 7 }
        sources { a = a, b = b }
        views { seen = "SELECT id, upper(t) AS t FROM a WHERE n > 0", also = "SELECT m AS id FROM b" }
        steps = [
          { name = seen, kind = rows, mode = upsert, into = { table = target, key = [id] }, query = \"""%s\""" }
          { name = all, kind = rows, mode = insert-missing, into = { table = target, key = [id] }
            query = "SELECT a.id, concat(a.t, b.t) AS v FROM a JOIN b ON a.id = b.id WHERE size(d) = n AND a_id < m" } ]
        """
            .formatted(query),
        List.of(),
        "test");
  }

  private static PreflightResult preflight(Plan plan, NamedDatabases databases) {
    try (Preflight preflight = Preflight.open(plan, plan.steps(), databases, "backfill test")) {
      preflight.askForLedger();
      return preflight.check(new PlanQueries(TestingSpark.session()));
    }
  }

  /** Column, or "rows" for what decides, to origins; "?" where they are not known. */
  private static Map<String, String> shown(QueryOrigins origins) {
    Map<String, String> shown = new TreeMap<>();
    origins.columns().forEach((column, from) -> shown.put(column, text(from)));
    origins.unknown().forEach(column -> shown.put(column, "?"));
    shown.put("rows", text(origins.deciding()));
    return shown;
  }

  private static String text(Set<Origin> origins) {
    return origins.stream()
        .map(each -> each.source() + "." + each.column() + " " + each.how())
        .collect(Collectors.joining(", "));
  }

  private static Map<String, String> of(String query) {
    return shown(
        QueryOrigins.of(TestingSpark.session(), plan(query), ready.sources()).get("step seen"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT id, t AS v FROM a | a.id IDENTITY | a.t IDENTITY | ''",
        "SELECT id, 'x' AS v FROM a | a.id IDENTITY | '' | ''",
        "SELECT x.id, y.t AS v FROM a x JOIN a y ON x.id = y.n | a.id IDENTITY | a.t IDENTITY | a.id JOIN, a.n JOIN",
        "SELECT id, concat(t, n) AS v FROM a WHERE n > 1 | a.id IDENTITY | a.n TRANSFORMATION, a.t TRANSFORMATION | a.n FILTER",
        "SELECT id, t AS v FROM seen | a.id IDENTITY | a.t TRANSFORMATION | a.n FILTER",
        "SELECT n AS id, max(t) AS v FROM a GROUP BY n | a.n IDENTITY | a.t AGGREGATION | a.n GROUP_BY",
        "SELECT n + 1 AS id, count(*) AS v FROM a GROUP BY n + 1 | a.n TRANSFORMATION | '' | a.n GROUP_BY",
        "SELECT n AS id, upper(max(t)) AS v FROM a GROUP BY n HAVING min(id) > 1 | a.n IDENTITY | a.t AGGREGATION | a.id FILTER, a.n GROUP_BY",
        "SELECT id, CASE WHEN n > 3 THEN t ELSE 'no' END AS v FROM a | a.id IDENTITY | a.n CONDITIONAL, a.t TRANSFORMATION | ''",
        "SELECT id, if(n > 3, t, NULL) AS v FROM a | a.id IDENTITY | a.n CONDITIONAL, a.t TRANSFORMATION | ''",
        "SELECT id, t AS v FROM a UNION ALL SELECT a_id, lower(t) FROM b | a.id IDENTITY, b.a_id IDENTITY | a.t IDENTITY, b.t TRANSFORMATION | ''",
        "SELECT id, t AS v FROM a UNION SELECT m, 'x' FROM b WHERE a_id = 1 | a.id IDENTITY, b.m IDENTITY | a.t IDENTITY | b.a_id FILTER",
        "SELECT id, t AS v FROM a EXCEPT SELECT a_id, t FROM b | a.id IDENTITY | a.t IDENTITY | b.a_id FILTER, b.t FILTER",
        "SELECT id, t AS v FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id AND b.m > 1) | a.id IDENTITY | a.t IDENTITY | a.id FILTER, b.a_id FILTER, b.m FILTER",
        "SELECT id, t AS v FROM a WHERE n IN (SELECT m FROM b WHERE t = 'x') | a.id IDENTITY | a.t IDENTITY | a.n FILTER, b.m FILTER, b.t FILTER",
        "SELECT id, (SELECT max(b.t) FROM b WHERE b.a_id = a.id) AS v FROM a | a.id IDENTITY | a.id FILTER, b.a_id FILTER, b.t AGGREGATION | ''",
        "WITH unused AS (SELECT * FROM b WHERE m > 1), used AS (SELECT id, t FROM a WHERE n > 1) SELECT x.id, y.t AS v FROM used x JOIN used y USING (id) | a.id IDENTITY | a.t IDENTITY | a.id JOIN, a.n FILTER",
        "SELECT id, t AS v FROM (SELECT id, t, row_number() OVER (PARTITION BY n ORDER BY d[0], id) AS k FROM a) WHERE k = 1 | a.id IDENTITY | a.t IDENTITY | a.d WINDOW, a.id WINDOW, a.n WINDOW",
        "SELECT id, first_value(t) OVER (PARTITION BY n ORDER BY id) AS v FROM a | a.id IDENTITY | a.id WINDOW, a.n WINDOW, a.t AGGREGATION | ''",
        "SELECT id, t AS v FROM a ORDER BY n | a.id IDENTITY | a.t IDENTITY | ''",
        "SELECT a.id, coalesce(b.t, a.t) AS v FROM a LEFT JOIN b ON b.a_id = a.id | a.id IDENTITY | a.t TRANSFORMATION, b.t TRANSFORMATION | a.id JOIN, b.a_id JOIN",
        "SELECT id, run_uuid(id, n) AS v FROM a | a.id IDENTITY | a.id TRANSFORMATION, a.n TRANSFORMATION | ''",
        "SELECT id, CAST(n AS string) AS v FROM a WHERE t = :p | a.id IDENTITY | a.n TRANSFORMATION | a.t FILTER",
        "SELECT id, e AS v FROM a LATERAL VIEW explode(d) x AS e | ? | ? | ''",
        "SELECT id, max(t) AS v FROM a GROUP BY ROLLUP (id, n) | ? | ? | ''",
        "SELECT a.id, x.m AS v FROM a, LATERAL (SELECT m FROM b WHERE b.a_id = a.id) x | ? | ? | ''",
        "WITH RECURSIVE r AS (SELECT id, n FROM a UNION ALL SELECT a.id, r.n FROM a JOIN r ON a.n = r.id) SELECT id, n AS v FROM r | ? | ? | ''",
        "SELECT n AS id, max_by(t, id) AS v FROM a GROUP BY n | a.n IDENTITY | a.id CONDITIONAL, a.t AGGREGATION | a.n GROUP_BY",
        "SELECT id, array_join(transform(d, x -> x + n), '') AS v FROM a | a.id IDENTITY | a.d TRANSFORMATION, a.n TRANSFORMATION | ''"
      })
  void whatIsSurelyKnownIsToldAndNothingElse(String query, String id, String v, String rows) {
    assertThat(of(query)).containsEntry("id", id).containsEntry("v", v).containsEntry("rows", rows);
  }

  private static Map<String, String> shipped(String name, String step, TestingDatabase there) {
    Database of = Database.fromEnvironment("BACKFILL", there.environment(), Duration.ofSeconds(10));
    return shipped(name, step, any -> NamedDatabases.only(of));
  }

  private static Map<String, String> shipped(
      String name, String step, Function<Plan, NamedDatabases> databases) {
    Plan plan = PlanFile.read(name, PlanFile.shippedText(name).orElseThrow(), List.of(), "test");
    return shown(
        QueryOrigins.of(
                TestingSpark.session(), plan, preflight(plan, databases.apply(plan)).sources())
            .get("step " + step));
  }

  @Test
  void flagsOfUsersComeFromTheNamesOfRoles() throws Exception {
    try (TestingDojo dojo = TestingDojo.create()) {
      assertThat(shipped("defectdojo-authorized-users", "user-flags", dojo.database))
          .containsEntry("id", "users.id IDENTITY")
          .containsEntry("is_staff", "role.name AGGREGATION, users.is_staff TRANSFORMATION")
          .containsEntry("is_superuser", "role.name AGGREGATION, users.is_superuser TRANSFORMATION")
          .containsEntry(
              "rows",
              "global_role.group_id JOIN, global_role.role_id JOIN, global_role.user_id JOIN, global_role.user_id FILTER,"
                  + " group_member.group_id JOIN, group_member.user_id JOIN, role.id JOIN, users.id JOIN, users.id GROUP_BY,"
                  + " users.is_staff GROUP_BY, users.is_superuser GROUP_BY");
    }
  }

  @Test
  void groupsOfOrganizationsComeFromTheirTemplates() throws Exception {
    try (TestingDatabase own = TestingPostgres.shared().createDatabase()) {
      TestingUpstreamTables.load(own, "coder-prebuilds");
      assertThat(shipped("coder-prebuilds-membership", "groups", own))
          .containsEntry("id", "templates.organization_id TRANSFORMATION")
          .containsEntry("organization_id", "templates.organization_id IDENTITY")
          .containsEntry("name", "")
          .containsEntry("quota_allowance", "")
          .containsEntry(
              "rows",
              "membership.organization_id JOIN, presets.template_version_id JOIN, templates.id JOIN,"
                  + " templates.organization_id JOIN, versions.id JOIN, versions.template_id JOIN");
      assertThat(shipped("coder-prebuilds-membership", "group-members", own))
          .containsEntry("group_id", "own_group.id IDENTITY")
          .containsEntry("user_id", "membership.user_id IDENTITY");
    }
  }

  @Test
  void seatsAreOfMembersAndTheirTypeIsChosenByOthers() throws Exception {
    try (TestingDatabase own = TestingPostgres.shared().createDatabase()) {
      TestingUpstreamTables.load(own, "gitlab-seats");
      own.execute(
          "INSERT INTO plans VALUES (1, 'free'), (2, 'premium'), (3, 'ultimate')",
          TestingSeats.WORLD);
      assertThat(shipped("gitlab-seat-assignments", "seats", own))
          .containsEntry("namespace_id", "namespaces.id IDENTITY")
          .containsEntry("organization_id", "namespaces.organization_id IDENTITY")
          .containsEntry("user_id", "members.user_id IDENTITY")
          .containsEntry(
              "seat_type",
              "members.access_level CONDITIONAL, plans.name CONDITIONAL, roles.occupies_seat CONDITIONAL, users.user_type CONDITIONAL")
          .containsEntry("created_at", "")
          .containsEntry(
              "rows",
              "members.access_level CONDITIONAL, members.member_role_id JOIN, members.source_id JOIN, members.source_type JOIN,"
                  + " members.user_id JOIN, members.user_id GROUP_BY, namespaces.id JOIN, namespaces.id GROUP_BY,"
                  + " namespaces.organization_id GROUP_BY, namespaces.parent_id FILTER, namespaces.traversal_ids JOIN,"
                  + " namespaces.type JOIN, namespaces.type FILTER, plans.id JOIN, plans.name CONDITIONAL, projects.id JOIN,"
                  + " projects.namespace_id JOIN, roles.id JOIN, roles.occupies_seat CONDITIONAL, subscriptions.hosted_plan_id JOIN,"
                  + " subscriptions.namespace_id JOIN, users.id JOIN, users.user_type CONDITIONAL");
    }
  }

  @Test
  void pipelinesOfPackagesComeFromBothDatabases() throws Exception {
    try (TestingPackages packages = TestingPackages.create()) {
      assertThat(
              shipped(
                  TestingPackages.PLAN,
                  "original-pipelines",
                  plan ->
                      NamedDatabases.fromEnvironment(plan, plan.steps(), packages.environment())))
          .containsEntry("package_id", "infos.package_id IDENTITY")
          .containsEntry("pipeline_id", "infos.id CONDITIONAL, infos.pipeline_id AGGREGATION")
          .containsEntry("user_id", "users.id IDENTITY")
          .containsEntry("ref", "pipelines.ref IDENTITY")
          .containsEntry("sha", "pipelines.sha IDENTITY")
          .containsEntry("status", "pipelines.status IDENTITY")
          .containsEntry(
              "rows",
              "infos.id CONDITIONAL, infos.package_id GROUP_BY, infos.pipeline_id JOIN, pipelines.id JOIN,"
                  + " pipelines.user_id JOIN, users.id JOIN");
    }
  }
}
