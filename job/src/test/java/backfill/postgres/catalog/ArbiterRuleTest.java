package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import backfill.plan.GrantSources;
import backfill.plan.IntoRows;
import backfill.plan.Step;
import backfill.postgres.server.TestingPreflight;
import backfill.postgres.write.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(TestingPreflight.Dropped.class)
class ArbiterRuleTest {
  private static final String NONE =
      "step fill: access has no unique index that says which rows are the same by exactly"
          + " (\"object_id\", \"user_id\")";
  private static final String CREATE =
      "; CREATE UNIQUE INDEX CONCURRENTLY ON \"public\".\"access\" (\"object_id\", \"user_id\")";

  private final TestingPreflight world =
      TestingPreflight.pairs().execute("ALTER TABLE access DROP CONSTRAINT access_key");

  @Test
  void withoutAnIndexTheMissingOneIsNamedAsAStatement() {
    assertThat(world.reasons()).containsExactly(NONE + CREATE);
    world.execute(CREATE.substring(2));
    assertThat(world.ready().targets()).containsKey("fill");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CREATE INDEX ON access (object_id, user_id)",
        "CREATE UNIQUE INDEX ON access (object_id)",
        "CREATE UNIQUE INDEX ON access (object_id, user_id, id)",
        "CREATE UNIQUE INDEX ON access (object_id, (user_id + 0))",
        "CREATE UNIQUE INDEX ON access (object_id, id) INCLUDE (user_id)",
      })
  void anIndexThatIsNotExactlyTheKeyIsNone(String index) {
    assertThat(world.execute(index).reasons()).containsExactly(NONE + CREATE);
  }

  @Test
  void anyOrderAndIncludedColumnsWillDo() {
    world.execute("CREATE UNIQUE INDEX turned ON access (user_id, object_id) INCLUDE (id)");
    assertThat(arbiter())
        .isEqualTo(
            new Arbiter(
                "turned",
                java.util.List.of("object_id", "user_id"),
                java.util.Optional.empty(),
                java.util.Optional.empty(),
                false));
    assertThat(inserts(arbiter())).isOne();
  }

  @Test
  void aDeferrableOneIsSaidToBeDeferrable() {
    world.execute("ALTER TABLE access ADD CONSTRAINT later UNIQUE (object_id, user_id) DEFERRABLE");
    assertThat(world.reasons())
        .containsExactly(NONE + " (later is deferrable, which no ON CONFLICT can use)" + CREATE);
  }

  @Test
  void aDeferrableOneBesideAUsableOneIsRefusedAsTheServerWould() {
    world.execute(
        "CREATE UNIQUE INDEX usable ON access (object_id, user_id)",
        "ALTER TABLE access ADD CONSTRAINT later UNIQUE (object_id, user_id) DEFERRABLE");
    assertThat(world.reasons())
        .containsExactly(
            "step fill: access has a deferrable unique constraint beside the usable index on the same"
                + " columns, and ON CONFLICT fails on it; ALTER TABLE \"public\".\"access\""
                + " DROP CONSTRAINT \"later\"");
    assertThat(refusalOf("ON CONFLICT (object_id, user_id)")).contains("deferrable");
  }

  @Test
  void anInvalidOneIsSaidToBeInvalid() {
    world.execute(
        "CREATE UNIQUE INDEX broken ON access (object_id, user_id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass");
    assertThat(world.reasons())
        .containsExactly(NONE + " (broken is invalid, drop it first)" + CREATE);
  }

  @Test
  void aPredicateOnOtherColumnsIsRefused() {
    world.execute(
        "ALTER TABLE access ADD COLUMN gone bool NOT NULL DEFAULT false",
        "CREATE UNIQUE INDEX present ON access (object_id, user_id) WHERE NOT gone");
    assertThat(world.reasons())
        .containsExactly(
            NONE
                + " (present covers only rows WHERE (NOT gone)); where all rows of this are among these, say so: owns ="
                + " \"(NOT gone)\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NOT gone | NOT gone",
        "NOT gone | gone = false -- as we write it",
        "NOT gone | (left_at IS NULL) AND NOT gone AND kind = 'job'",
        "left_at IS NULL | left_at IS NULL",
        "kind IN ('job', 'hand') | kind = 'job'",
        "kind = 'job' AND NOT gone | NOT gone AND 'job' = kind",
        "level > 0 | level > 5 AND NOT gone AND kind = 'job'",
      })
  void aPredicateThatOwnsImpliesIsFoundByIt(String predicate, String owns) {
    softly(predicate, owns);
    Arbiter arbiter = arbiter();
    assertThat(arbiter.index()).isEqualTo("present");
    assertThat(arbiter.onConflict())
        .isEqualTo("ON CONFLICT (\"object_id\", \"user_id\") WHERE (" + owns + "\n)");
    world.execute("UPDATE access SET level = 9");
    assertThat(inserts(arbiter)).isOne();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NOT gone | left_at IS NULL",
        "NOT gone | NOT gone OR left_at IS NULL",
        "left_at IS NULL | left_at IS NULL OR level > 5",
        "kind = 'job' | kind IN ('job', 'hand')",
        "level > 5 | level > 0",
        "NOT gone | NOT gone AND EXISTS (SELECT)",
      })
  void aPredicateThatOwnsDoesNotImplyIsRefused(String predicate, String owns) {
    softly(predicate, owns);
    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith(NONE + " (present covers only rows WHERE ");
  }

  private void softly(String predicate, String owns) {
    world.execute(
        "ALTER TABLE access ADD gone bool NOT NULL DEFAULT false, ADD left_at timestamptz, ADD kind text DEFAULT 'job',"
            + " ADD level int NOT NULL DEFAULT 9",
        "CREATE UNIQUE INDEX present ON access (object_id, user_id) WHERE " + predicate);
    Step.Pairs step = TestingPreflight.pairsInto("access");
    world.steps.set(
        0,
        new Step.Pairs(
            step.name(),
            step.onlyIf(),
            new GrantSources(step.direct(), step.through(), step.members()),
            step.into(),
            step.surplus(),
            java.util.Optional.of(owns),
            step.write()));
  }

  @Test
  void aPredicateThatExcludesNullTakesANullableKeyAndGoesIntoOnConflict() {
    world.execute(
        "ALTER TABLE access ALTER COLUMN user_id DROP NOT NULL",
        "CREATE UNIQUE INDEX known ON access (object_id, user_id) WHERE user_id IS NOT NULL");
    assertThat(arbiter().onConflict())
        .isEqualTo("ON CONFLICT (\"object_id\", \"user_id\") WHERE ((user_id IS NOT NULL)\n)");
    assertThat(inserts(arbiter())).isOne();
  }

  @Test
  void anIndexWithoutPredicateIsPreferred() {
    world.execute(
        "CREATE UNIQUE INDEX a_part ON access (object_id, user_id) WHERE user_id IS NOT NULL",
        "CREATE UNIQUE INDEX the_whole ON access (object_id, user_id)");
    assertThat(arbiter().index()).isEqualTo("the_whole");
  }

  @Test
  void pairsTakeANullableKeyBecauseTheyHaveNoNull() {
    nullable("");
    assertThat(arbiter().index()).isEqualTo("plain");
    assertThat(inserts(arbiter())).isOne();
  }

  private void nullable(String predicate) {
    world.execute(
        "ALTER TABLE access ALTER COLUMN user_id DROP NOT NULL, ALTER COLUMN object_id DROP NOT NULL",
        "CREATE UNIQUE INDEX plain ON access (object_id, user_id)" + predicate);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | ''",
        "' WHERE object_id > 0' | '(object_id > 0) AND '",
      })
  void allNullableColumnsOfAKeyOfRowsAreRefusedWithTheirCures(String predicate, String kept) {
    nullable(predicate);
    world.steps.set(0, rowsInto("access"));
    world.outputs("object_id", "user_id");
    assertThat(world.reasons())
        .containsExactly(
            "step flags: key columns \"object_id\", \"user_id\" of access may be NULL, and a NULL never conflicts in"
                + " plain, so each run would add such a row again; ALTER TABLE \"public\".\"access\" ALTER COLUMN"
                + " \"object_id\" SET NOT NULL, ALTER COLUMN \"user_id\" SET NOT NULL, or make the index NULLS NOT"
                + " DISTINCT (PostgreSQL 15) or partial WHERE ("
                + kept
                + "\"object_id\" IS NOT NULL AND \"user_id\" IS NOT NULL)");
  }

  private static Step.Rows rowsInto(String table) {
    return new Step.Rows(
        "flags",
        java.util.Optional.empty(),
        new Step.Rows.Asked("SELECT object_id, user_id FROM direct", java.util.Map.of()),
        new IntoRows(table, java.util.List.of("object_id", "user_id")),
        new Step.Rows.Writing(Step.Mode.INSERT_MISSING, java.util.Set.of(), java.util.Set.of()),
        Step.Surplus.IGNORE,
        java.util.Optional.empty(),
        TestingPreflight.WRITE);
  }

  @Test
  void nothingIsProposedThatForbidsWhatAPartialIndexAllows() {
    softly("NOT gone", "kind = 'job'");
    String owns = "owns = \"(kind = 'job') AND (NOT gone)\"";
    assertThat(world.reasons()).singleElement().asString().endsWith("say so: " + owns);
    world.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'present'::regclass");
    assertThat(world.reasons())
        .singleElement()
        .asString()
        .endsWith(
            " (present is invalid, drop it first)"
                + CREATE
                + " WHERE (NOT gone), and where all rows of this are among these, say so: "
                + owns);
  }

  @Test
  void nullsNotDistinctTakesANullableKey() {
    assumeThat(Integer.parseInt(world.value("SHOW server_version_num")))
        .as("NULLS NOT DISTINCT came with PostgreSQL 15")
        .isGreaterThanOrEqualTo(150000);
    world.execute(
        "ALTER TABLE access ALTER COLUMN user_id DROP NOT NULL",
        "CREATE UNIQUE INDEX nulls ON access (object_id, user_id) NULLS NOT DISTINCT");
    assertThat(arbiter().index()).isEqualTo("nulls");
  }

  @Test
  void aPartitionedTargetIsNotAskedForAConcurrentIndex() {
    world.execute(
        "DROP TABLE access",
        "CREATE TABLE access (object_id int NOT NULL, user_id int NOT NULL) PARTITION BY HASH (object_id)");
    assertThat(world.reasons()).containsExactly(NONE + CREATE.replace(" CONCURRENTLY", ""));
    world.execute(
        "CREATE UNIQUE INDEX ON access (object_id, user_id)",
        "CREATE TABLE access_0 PARTITION OF access FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "INSERT INTO access SELECT i, i FROM generate_series(1, 1000) i");
    Target target = world.ready().targets().get("fill");
    assertThat(target.table().kind()).isEqualTo('p');
    assertThat(target.table().blocks())
        .isEqualTo(Long.parseLong(world.value("SELECT pg_relation_size('access_0') / 8192")));
    assertThat(inserts(target.arbiter())).isOne();
  }

  private Arbiter arbiter() {
    return world.ready().targets().get("fill").arbiter();
  }

  /** How many of two equal rows the server takes with this arbiter. */
  private int inserts(Arbiter arbiter) {
    try (Connection connection = world.admin().connect("test");
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(
          "INSERT INTO access (object_id, user_id) VALUES (-1, -1), (-1, -1) "
              + arbiter.onConflict()
              + " DO NOTHING");
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private String refusalOf(String onConflict) {
    try (Connection connection = world.admin().connect("test");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "INSERT INTO access (object_id, user_id) VALUES (-1, -1) " + onConflict + " DO NOTHING");
      return "";
    } catch (SQLException e) {
      return e.getMessage();
    }
  }
}
