package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Definition;
import backfill.plan.GrantSources;
import backfill.plan.IntoPairs;
import backfill.plan.Step;
import backfill.plan.level.LevelOrder;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TestingPreflight;
import backfill.postgres.write.SetColumn;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(TestingPreflight.Dropped.class)
class PairsCheckTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  @ParameterizedTest
  @ValueSource(strings = {"numeric(10,0)", "character(10)", "boolean", "bytea", "integer[]"})
  void aKeyOfAnotherTypeIsRefused(String type) {
    world.execute(
        "ALTER TABLE direct ALTER COLUMN object_id TYPE " + type + " USING NULL",
        "ALTER TABLE members ALTER COLUMN group_id TYPE " + type + " USING NULL",
        "ALTER TABLE access ALTER COLUMN user_id TYPE " + type + " USING NULL");
    String are =
        " is "
            + type
            + ", and pairs are of smallint, integer, bigint, uuid, text or varchar; name a column of such a type";
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access.user_id" + are,
            "step fill: direct.object_id" + are,
            "step fill: members.group_id" + are);
  }

  @Test
  void aTextThatIgnoresCaseIsRefusedByItsType() {
    world.execute(
        "CREATE EXTENSION citext", "ALTER TABLE members ALTER COLUMN group_id TYPE citext");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: members.group_id is citext, and pairs are of smallint, integer, bigint, uuid, text or varchar;"
                + " name a column of such a type");
  }

  private void become(String type, String... columns) {
    for (String column : columns) {
      String[] names = column.split("\\.");
      world.execute(
          "ALTER TABLE %s ALTER COLUMN %s TYPE %s USING NULL".formatted(names[0], names[1], type));
    }
  }

  @Test
  void everyColumnOfAKindIsOfTheSameType() {
    become("uuid", "access.object_id", "direct.object_id", "through.object_id");
    become("text", "members.group_id", "access.user_id");
    become("character varying(20)", "through.group_id", "members.user_id");
    become("text COLLATE \"C\"", "direct.user_id");
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void keysOfDifferentTypesAreRefused() {
    become("uuid", "access.object_id", "access.user_id", "direct.object_id", "members.group_id");
    become("text", "through.object_id");
    String advice =
        ": no key of the one is one of the other; make both integers, both uuid or both text";
    assertThat(world.reasons())
        .containsExactly(
            "step fill: direct.user_id is integer, and access.user_id is uuid" + advice,
            "step fill: through.object_id is text, and access.object_id is uuid" + advice,
            "step fill: members.group_id is uuid, and through.group_id is integer" + advice,
            "step fill: members.user_id is integer, and access.user_id is uuid" + advice);
  }

  @Test
  void aCollationForWhichDifferentTextsAreEqualIsRefused() {
    world.execute(
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)");
    become("text", "access.user_id", "direct.user_id");
    become("text COLLATE loose", "members.user_id");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: members.user_id has the collation \"public\".\"loose\", for which different texts are the same key;"
                + " ALTER TABLE \"public\".\"members\" ALTER COLUMN \"user_id\" TYPE text COLLATE a deterministic one");
  }

  @Test
  void aDomainIsWhatItStandsFor() {
    world.execute("CREATE DOMAIN key AS uuid", "CREATE DOMAIN number AS bigint");
    become("key", "access.object_id", "direct.object_id");
    become("uuid", "through.object_id");
    become("number", "members.user_id");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: members.user_id goes into access.user_id, and number does not fit integer; ALTER TABLE"
                + " \"public\".\"access\" ALTER COLUMN \"user_id\" TYPE number");
  }

  @Test
  void bigintDoesNotFitInteger() {
    world.execute("ALTER TABLE members ALTER COLUMN user_id TYPE bigint");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: members.user_id goes into access.user_id, and bigint does not fit integer; ALTER TABLE"
                + " \"public\".\"access\" ALTER COLUMN \"user_id\" TYPE bigint");
  }

  @Test
  void narrowerKeysFitAndGroupsMayDifferInWidth() {
    world.execute(
        "ALTER TABLE access ALTER COLUMN user_id TYPE bigint",
        "ALTER TABLE through ALTER COLUMN group_id TYPE bigint",
        "ALTER TABLE direct ALTER COLUMN user_id TYPE smallint");
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void aColumnThatNobodyFillsIsRefused() {
    world.execute(
        "ALTER TABLE access ADD COLUMN made_by text NOT NULL, ADD COLUMN a text, ADD COLUMN b text NOT NULL"
            + " DEFAULT '', ADD COLUMN c int NOT NULL GENERATED ALWAYS AS (user_id + 1) STORED");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access.made_by is NOT NULL without a default, and the step does not fill it;"
                + " ALTER TABLE \"public\".\"access\" ALTER COLUMN \"made_by\" SET DEFAULT a value");
  }

  @Test
  void aGeneratedColumnCannotBeWritten() {
    world.execute(
        "ALTER TABLE access DROP COLUMN user_id",
        "ALTER TABLE access ADD COLUMN user_id int NOT NULL GENERATED ALWAYS AS (object_id) STORED UNIQUE",
        "CREATE UNIQUE INDEX ON access (object_id, user_id)");
    assertThat(world.reasons())
        .containsExactly("step fill: access.user_id is a generated column and cannot be written");
  }

  @Test
  void anIdentityThatIsAlwaysGeneratedCannotBeWritten() {
    world.execute(
        "ALTER TABLE access ALTER COLUMN id DROP IDENTITY",
        "ALTER TABLE access ALTER COLUMN object_id ADD GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE access ALTER COLUMN id SET DEFAULT 1");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access.object_id is GENERATED ALWAYS AS IDENTITY and cannot be written");
  }

  @Test
  void aMissingColumnOfTheTargetIsNamedWithACloseOne() {
    world.execute("ALTER TABLE access RENAME COLUMN user_id TO user_ids");
    assertThat(world.reasons())
        .contains("step fill: access has no column \"user_id\"; did you mean user_ids?");
  }

  @Test
  void aViewIsNoTarget() {
    world.execute(
        "ALTER TABLE access RENAME TO beneath", "CREATE VIEW access AS SELECT * FROM beneath");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access is a view; only a table can be filled, name the one behind it");
  }

  @Test
  void aMaterializedViewIsNoTarget() {
    world.execute(
        "ALTER TABLE access RENAME TO beneath",
        "CREATE MATERIALIZED VIEW access AS SELECT * FROM beneath");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access is a materialized view; only a table can be filled, name the one behind it");
  }

  @Test
  void aForeignTableIsNoTargetNorIsAForeignPartition() {
    world.execute(
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER far FOREIGN DATA WRAPPER nothing",
        "DROP TABLE access",
        "CREATE FOREIGN TABLE access (object_id int, user_id int) SERVER far");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access is a foreign table; only a table can be filled, name the one behind it");
    world.execute(
        "DROP FOREIGN TABLE access",
        "CREATE TABLE access (object_id int, user_id int) PARTITION BY LIST (object_id)",
        "CREATE FOREIGN TABLE access_far PARTITION OF access FOR VALUES IN (1) SERVER far");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access_far, a part of access, is a foreign table, where no ON CONFLICT works; fill the"
                + " local parts, a step each");
  }

  @Test
  void aTriggerBeforeInsertIsAWarningAndOneForUpdateIsNot() {
    world.execute(
        "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER swallow BEFORE INSERT ON access FOR EACH ROW EXECUTE FUNCTION drop_row()",
        "CREATE TRIGGER other BEFORE UPDATE ON access FOR EACH ROW EXECUTE FUNCTION drop_row()",
        "CREATE TRIGGER late AFTER INSERT ON access FOR EACH ROW EXECUTE FUNCTION drop_row()",
        "CREATE TRIGGER off BEFORE INSERT ON access FOR EACH ROW EXECUTE FUNCTION drop_row()",
        "ALTER TABLE access DISABLE TRIGGER off");
    PreflightResult ready = world.ready();
    assertThat(ready.warnings())
        .containsExactly(
            "step fill: trigger swallow fires BEFORE INSERT on access and may change or drop rows");
    assertThat(ready.targets().get("fill").beforeTriggers(RowEvent.INSERT))
        .containsExactly("swallow");
  }

  @Test
  void aRuleIsRefusedBecauseOnConflictIs() {
    world.execute("CREATE RULE quiet AS ON INSERT TO access DO ALSO NOTIFY access");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: rule quiet rewrites statements on access, and no INSERT with ON CONFLICT is taken beside"
                + " it; DROP RULE \"quiet\" ON \"public\".\"access\"");
  }

  /** Fills {@code access.role} by the role of a direct grant, one of these. */
  private void levels(String... ascending) {
    world.execute("ALTER TABLE direct ADD COLUMN role text");
    world.steps.set(
        0,
        new Step.Pairs(
            "fill",
            Optional.empty(),
            new GrantSources(
                List.of(
                    new GrantSources.Grant(
                        "direct",
                        List.of("object_id"),
                        List.of("user_id"),
                        Optional.of(new LevelOrder.OfSource("role", null, false)))),
                List.of(),
                List.of(),
                List.of(),
                GrantSources.Hierarchy.NONE,
                new LevelOrder(List.of(ascending), false)),
            new IntoPairs(
                "access", List.of("object_id"), List.of("user_id"), Map.of(), Optional.of("role")),
            Step.Surplus.REPORT,
            Optional.empty(),
            TestingPreflight.WRITE));
  }

  private void before(Definition definition) {
    world.steps.add(0, new Step.Ddl("before", Optional.empty(), definition));
  }

  @Test
  void aLevelThatIsNoLabelOfTheTargetsEnumIsRefusedUnlessAnEarlierStepAppendsIt() {
    levels("guest", "read", "it's", "Write");
    world.execute(
        "CREATE TYPE role AS ENUM ('read', 'write', 'own')",
        "CREATE DOMAIN held AS role",
        "ALTER TABLE access ADD COLUMN role held");
    String or = ", or leave it out of levels";
    assertThat(world.reasons())
        .containsExactly(
            "step fill: the level guest is not a label of access.role, which is held; ALTER TYPE role ADD VALUE 'guest'"
                + or,
            "step fill: the level it's is not a label of access.role, which is held; ALTER TYPE role ADD VALUE 'it''s'"
                + or,
            "step fill: the level Write is not a label of access.role, which is held; ALTER TYPE role ADD VALUE 'Write'"
                + or);
    world.execute("CREATE TYPE other AS ENUM ('it''s')");
    before(new Definition.EnumValues("other", List.of("it's")));
    before(new Definition.EnumValues("public.role", List.of("guest", "Write")));
    assertThat(world.reasons())
        .containsExactly(
            "step fill: the level it's is not a label of access.role, which is held; ALTER TYPE role ADD VALUE 'it''s'"
                + or);
    world.execute("ALTER TYPE role ADD VALUE 'it''s'");
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void anArrayOfAnEnumTakesNoLevel() {
    levels("read");
    world.execute("CREATE TYPE role AS ENUM ('read')", "ALTER TABLE access ADD COLUMN role role[]");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access.role is role[], and the step's levels are texts, of text or varchar of a"
                + " deterministic collation, or of an enum");
  }

  @Test
  void aMissingColumnOfLevelsIsNamedOnceUnlessAnEarlierStepAddsIt() {
    levels("read");
    world.execute("ALTER TABLE access ADD COLUMN roles text");
    assertThat(world.reasons())
        .containsExactly("step fill: access has no column \"role\"; did you mean roles?");
    before(new Definition.Creates("access.role", "ALTER TABLE access ADD COLUMN role text"));
    assertThat(world.ready().applies()).isTrue();
    world.execute("ALTER TABLE direct ALTER COLUMN role TYPE int USING NULL");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: direct.role is integer, and the step's levels are texts, of text or varchar of a"
                + " deterministic collation, or of an enum");
  }

  @Test
  void theTableThatTakesLevelsMayBeMadeByAnEarlierStep() {
    levels("read");
    world.execute("DROP TABLE access");
    before(
        new Definition.Creates(
            "access",
            "CREATE TABLE access (object_id int, user_id int, role text, PRIMARY KEY (object_id, user_id))"));
    assertThat(world.ready().applies()).isTrue();
  }

  @Test
  void aLabelThatIsSetMayBeAppendedByAnEarlierStep() {
    world.execute(
        "CREATE TYPE kind AS ENUM ('own')", "ALTER TABLE access ADD COLUMN kind kind NOT NULL");
    Step.Pairs fill = TestingPreflight.pairsInto("access");
    world.steps.set(
        0,
        new Step.Pairs(
            "fill",
            Optional.empty(),
            fill.grants(),
            new IntoPairs(
                "access",
                List.of("object_id"),
                List.of("user_id"),
                Map.of("kind", "'lent'"),
                Optional.empty()),
            Step.Surplus.REPORT,
            Optional.empty(),
            TestingPreflight.WRITE));
    world.execute("CREATE TYPE other AS ENUM ('lent')");
    String refused =
        "step fill: into.set.kind cannot be asked: invalid input value for enum kind: \"lent\"";
    assertThat(world.reasons()).containsExactly(refused);
    before(new Definition.EnumValues("other", List.of("lent")));
    assertThat(world.reasons()).containsExactly(refused);
    before(new Definition.EnumValues("kind", List.of("given", "lent")));
    assertThat(world.ready().targets().get("fill").setAlike())
        .containsExactly(new SetColumn("kind", "kind", "lent", null));
  }
}
