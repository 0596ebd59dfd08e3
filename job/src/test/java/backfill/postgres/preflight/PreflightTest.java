package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Step;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.TableName;
import backfill.postgres.server.TestingPreflight;
import backfill.postgres.write.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class PreflightTest {

  @Test
  void aSoundPlanIsReadyWithTablesBySchemaAndOid() {
    TestingPreflight world = TestingPreflight.pairs();
    PreflightResult ready = world.ready();
    assertThat(ready.applies()).isTrue();
    assertThat(ready.skippedSteps()).isEmpty();
    assertThat(ready.warnings()).isEmpty();
    assertThat(ready.sources()).containsOnlyKeys("direct", "through", "members");
    Target target = ready.targets().get("fill");
    assertThat(target.table().name()).isEqualTo(new TableName("public", "access"));
    assertThat(Long.toString(target.table().oid()))
        .isEqualTo(world.value("SELECT 'public.access'::regclass::oid"));
    assertThat(target.arbiter().onConflict()).isEqualTo("ON CONFLICT (\"object_id\", \"user_id\")");
    assertThat(target.arbiter().index()).isEqualTo("access_key");
    assertThat(ready.server().address()).isEqualTo(world.address());
    assertThat(ready.server().user()).isEqualTo("postgres");
    assertThat(ready.now()).matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}\\+00");
  }

  @Test
  void fiveProblemsAreFiveReasonsAtOnce() {
    TestingPreflight world =
        TestingPreflight.pairs()
            .execute(
                "DROP TABLE members",
                "ALTER TABLE direct ALTER COLUMN user_id TYPE uuid USING NULL",
                "ALTER TABLE through RENAME COLUMN group_id TO grp",
                "ALTER TABLE access DROP CONSTRAINT access_key",
                "ALTER TABLE access ADD COLUMN made_by text NOT NULL");
    assertThat(world.reasons())
        .hasSize(5)
        .anySatisfy(r -> assertThat(r).startsWith("source members: table members does not exist"))
        .anySatisfy(r -> assertThat(r).startsWith("step fill: direct.user_id is uuid"))
        .anySatisfy(r -> assertThat(r).startsWith("step fill: through has no column \"group_id\""))
        .anySatisfy(r -> assertThat(r).startsWith("step fill: access has no unique index"))
        .anySatisfy(r -> assertThat(r).startsWith("step fill: access.made_by is NOT NULL"));
  }

  @Test
  void whatTheEngineSaysOfQueriesIsAReasonAsItIs() {
    TestingPreflight world = TestingPreflight.rows();
    world.shapes =
        new Shapes(
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of("step flags: no such function: foo"));
    assertThat(world.reasons())
        .containsExactly("plan test-plan: step flags: no such function: foo");
  }

  @Test
  void aMissingTableNamesTheSearchPathAndWhatIsClose() {
    TestingPreflight world = TestingPreflight.pairs().source("direct", "dirct");
    assertThat(world.reasons())
        .containsExactly(
            "source direct: table dirct does not exist in the search path (\"$user\", public);"
                + " did you mean direct?");
  }

  @Test
  void aTableOfAnotherSchemaIsNamedWithIt() {
    TestingPreflight world =
        TestingPreflight.pairs().execute("CREATE SCHEMA app", "ALTER TABLE direct SET SCHEMA app");
    assertThat(world.reasons())
        .containsExactly(
            "source direct: table direct does not exist in the search path (\"$user\", public);"
                + " there is app.direct: name its schema in the plan");
    assertThat(world.source("direct", "app.direct").ready().sources().get("direct").name())
        .isEqualTo(new TableName("app", "direct"));
    assertThat(world.source("direct", "app.dirrect").reasons())
        .containsExactly(
            "source direct: table dirrect does not exist in schema app; did you mean direct?");
  }

  @Test
  void quotedNamesKeepTheirCase() {
    TestingPreflight world =
        TestingPreflight.pairs()
            .execute(
                "CREATE SCHEMA \"My App\"",
                "ALTER TABLE direct SET SCHEMA \"My App\"",
                "ALTER TABLE \"My App\".direct RENAME TO \"Direct.Grants\"");
    assertThat(
            world
                .source("direct", "\"My App\".\"Direct.Grants\"")
                .ready()
                .sources()
                .get("direct")
                .name())
        .isEqualTo(new TableName("My App", "Direct.Grants"));
  }

  @Test
  void whatIsNoNameIsSaidToBeNone() {
    TestingPreflight world =
        TestingPreflight.pairs().source("direct", "a.b.c").source("through", "a b");
    assertThat(world.reasons())
        .contains(
            "source direct: `a.b.c` is not a table's name; write table or schema.table, quoted as in SQL",
            "source through: `a b` is not a table's name; write table or schema.table, quoted as in SQL");
  }

  @Test
  void anEmptyDatabaseIsNotReadyThoughThePlanWouldNotApply() {
    TestingPreflight world = TestingPreflight.pairs();
    world.onlyIf = Optional.of("to_regclass('direct') IS NOT NULL");
    world.execute("DROP TABLE direct, through, members, access");
    assertThat(world.reasons())
        .anySatisfy(r -> assertThat(r).startsWith("step fill: table access does not exist"))
        .anySatisfy(r -> assertThat(r).startsWith("source direct: table direct does not exist"));
  }

  @Test
  void whereThePlanDoesNotApplyMissingSourcesAreNoReason() {
    TestingPreflight world = TestingPreflight.pairs();
    world.onlyIf = Optional.of("to_regclass('direct') IS NOT NULL -- the first of them");
    world.execute("DROP TABLE direct, through, members");
    PreflightResult ready = world.ready();
    assertThat(ready.applies()).isFalse();
    assertThat(ready.skippedSteps()).containsExactly("fill");
    assertThat(ready.sources()).isEmpty();
  }

  @Test
  void aSkippedStepsOwnSourcesMayBeMissing() {
    TestingPreflight world = TestingPreflight.rows();
    world.execute("DROP TABLE through, members");
    world.steps.add(
        TestingPreflight.pairsInto(
            "fill", Optional.of("to_regclass('through') IS NOT NULL"), "access"));
    PreflightResult ready = world.ready();
    assertThat(ready.applies()).isTrue();
    assertThat(ready.skippedSteps()).containsExactly("fill");
    assertThat(ready.sources()).containsOnlyKeys("direct");
    assertThat(ready.targets()).containsOnlyKeys("flags");
    assertThat(world.asked.steps()).extracting(Step::name).containsExactly("flags");
  }

  @Test
  void onlyIfTakesParametersAndNow() {
    TestingPreflight world = TestingPreflight.pairs();
    world.params.put("name", "O'Neill\\");
    world.params.put("least", -5L);
    world.onlyIf =
        Optional.of(
            "'O''Neill\\'::text = :name AND 1 - :least = 6 AND :now::timestamptz <= clock_timestamp()");
    assertThat(world.ready().applies()).isTrue();
    world.params.put("least", 5L);
    assertThat(world.ready().applies()).isFalse();
  }

  @Test
  void anOnlyIfThatCannotBeAskedIsAReasonInTheServersWords() {
    TestingPreflight world = TestingPreflight.pairs();
    world.onlyIf = Optional.of("EXISTS (SELECT FROM nowhere)");
    assertThat(world.reasons())
        .containsExactly(
            "plan test-plan: only-if cannot be asked: relation \"nowhere\" does not exist");
  }

  @Test
  void anOnlyIfCannotWrite() {
    TestingPreflight world = TestingPreflight.pairs().execute("CREATE SEQUENCE counter");
    world.onlyIf = Optional.of("nextval('counter') > 0");
    assertThat(world.reasons())
        .containsExactly(
            "plan test-plan: only-if cannot be asked: cannot execute nextval() in a read-only transaction");
  }

  @Test
  void stepsAreAskedAboutWithTheViewsTheyUseAndTheirSourcesFound() {
    TestingPreflight world = TestingPreflight.rows();
    world.views.put("unused", "SELECT * FROM through");
    world.sources.remove("members");
    world.ready();
    assertThat(world.asked.views()).isEmpty();
    assertThat(world.asked.sources()).containsOnlyKeys("direct");
  }

  @Test
  void aTableThatSomebodyHasLockedIsRetryableAndNotWaitedForLong() throws SQLException {
    TestingPreflight world = TestingPreflight.pairs();
    try (Connection other = world.admin().connect("other");
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN; LOCK TABLE direct");
      NotReadyException refused = world.notReady(world.admin());
      assertThat(refused.retryable()).isTrue();
      assertThat(refused.reasons())
          .singleElement()
          .asString()
          .startsWith(
              world.address()
                  + ": preflight broke off: no lock was had within 2 s (lock-timeout): pid ")
          .contains(
              " (other, role postgres, in its transaction for ",
              ") holds ACCESS EXCLUSIVE on direct; wait ");
    }
  }

  @Test
  void columnThatIsDroppedWhilePreflightLooksIsRetryable() {
    TestingPreflight world = TestingPreflight.pairs();
    world.meanwhile = () -> world.execute("ALTER TABLE access DROP COLUMN user_id");
    NotReadyException refused = world.notReady(world.admin());
    assertThat(refused.reasons())
        .singleElement()
        .asString()
        .isEqualTo(
            world.address()
                + ": preflight broke off: column \"user_id\" of relation \"access\" does not exist;"
                + " the schema was changed while it was looked at: run the command again");
    assertThat(refused.retryable()).isTrue();
  }

  @Test
  void itsConnectionsSayWhoTheyAre() {
    TestingPreflight world = TestingPreflight.pairs();
    world.onlyIf =
        Optional.of("current_setting('application_name') = 'backfill test-plan preflight'");
    assertThat(world.ready().applies()).isTrue();
  }
}
