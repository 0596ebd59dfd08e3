package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.TableName;
import backfill.postgres.server.TestingPreflight;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestingPreflight.Dropped.class)
class LeastRoleTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  @Test
  void columnsOfOneTableComeTogetherAndNamesAreQuoted() {
    LeastRole role = new LeastRole();
    TableName users = new TableName("The \"app\"", "Users");
    role.schema("The \"app\"");
    role.columns(Privilege.SELECT, users, List.of("id", "flag"));
    role.columns(Privilege.UPDATE, users, List.of("flag"));
    role.columns(Privilege.SELECT, users, List.of("Name", "id"));
    role.columns(Privilege.INSERT, users, List.of());
    role.sequence(new TableName("The \"app\"", "Users_id_seq"));
    assertThat(role.statements("The db", "the role"))
        .containsExactly(
            "GRANT CONNECT ON DATABASE \"The db\" TO \"the role\"",
            "GRANT USAGE ON SCHEMA \"The \"\"app\"\"\" TO \"the role\"",
            "GRANT SELECT (\"id\", \"flag\", \"Name\") ON \"The \"\"app\"\"\".\"Users\" TO \"the role\"",
            "GRANT UPDATE (\"flag\") ON \"The \"\"app\"\"\".\"Users\" TO \"the role\"",
            "GRANT USAGE ON SEQUENCE \"The \"\"app\"\"\".\"Users_id_seq\" TO \"the role\"");
  }

  @Test
  void columnsThatAConditionNamesAreNeededAndWordsInItsTextsAreNot() {
    world.where("direct", "direct.Note <> 'id' AND \"Odd \"\"one\"\"\" IS NULL -- object_id");
    world.execute("ALTER TABLE direct ADD \"Odd \"\"one\"\"\" int");
    assertThat(world.leastRole())
        .contains(
            "GRANT SELECT (\"object_id\", \"user_id\", \"note\", \"Odd \"\"one\"\"\") ON"
                + " \"public\".\"direct\" TO \""
                + world.database.user()
                + "\";");
  }

  @Test
  void aConditionIsANoteOnOneLineAndASkippedStepToo() {
    world.onlyIf = Optional.of("EXISTS (SELECT FROM direct\n  LIMIT 1) OR true");
    world.execute("CREATE TABLE more (LIKE access INCLUDING ALL)");
    world.steps.add(TestingPreflight.pairsInto("again", Optional.of("false"), "more"));
    assertThat(world.leastRole())
        .startsWith(
            "-- only-if is asked too: EXISTS (SELECT FROM direct LIMIT 1) OR true",
            "-- only-if of step again is asked too: false",
            "-- step again is skipped here, and what it needs is left out")
        .noneMatch(line -> line.contains("\"more\""));
  }

  @Test
  void aTriggerWithItsOwnersRightsNeedsNothingOfOurs() {
    world.execute(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER told AFTER INSERT ON access FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(world.leastRole())
        .startsWith(
            "-- trigger told on access runs f() with the rights of the role that writes; what it does is not known"
                + " here: GRANT what it needs too");
    world.execute(
        "CREATE TABLE \"Told\" (id serial, note text)",
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN INSERT INTO \"Told\" (note) VALUES (''x''); RETURN NULL; END'");
    assertThat(world.leastRole().get(0))
        .contains("its text names \"Told\", \"Told_id_seq\": GRANT what it needs too");
    world.execute("ALTER FUNCTION f() SECURITY DEFINER");
    assertThat(world.leastRole()).noneMatch(line -> line.startsWith("--"));
    world.execute(
        "ALTER FUNCTION f() SECURITY INVOKER",
        "DROP TRIGGER told ON access",
        "CREATE TRIGGER told AFTER UPDATE ON access FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(world.leastRole()).noneMatch(line -> line.startsWith("--"));
  }

  @Test
  void nothingIsListedWhereThePlanDoesNotApply() {
    world.onlyIf = Optional.of("false");
    assertThat(world.leastRole()).isEmpty();
  }

  /** The server refuses a role that is a member of itself. */
  @Test
  void whoOwnsTheTableAlreadyIsNotToldToJoinItself() {
    world.steps.clear();
    world.steps.add(
        new Step.Ddl(
            "column",
            Optional.empty(),
            new Definition.Creates("access.note", "ALTER TABLE access ADD COLUMN note text")));
    String owner = world.database.user();
    assertThat(world.leastRole())
        .contains(
            "-- table access is %s's own, as the role that runs the plan must be".formatted(owner))
        .noneMatch(line -> line.contains("GRANT \"" + owner + "\""));
    String other = world.role();
    world.execute("ALTER TABLE access OWNER TO " + other);
    assertThat(world.leastRole()).contains("GRANT \"%s\" TO \"%s\";".formatted(other, owner));
  }
}
