package backfill.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Definition;
import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.server.TestingPreflight;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A step that deletes, and foreign keys that the server must look through a table for. */
@ExtendWith(TestingPreflight.Dropped.class)
class UnindexedKeysTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  @BeforeEach
  void tokensHangOnKeysAndUsesOnTokens() {
    world.execute(
        "CREATE TABLE keys (id int PRIMARY KEY, old bool NOT NULL)",
        "CREATE TABLE tokens (id int PRIMARY KEY, key_id int REFERENCES keys ON DELETE CASCADE)",
        "CREATE TABLE uses (id int PRIMARY KEY, token_id int REFERENCES tokens)");
    world.steps.clear();
    world.steps.add(
        new Step.InPlace(
            "purge", Optional.empty(), "keys", List.of(), "old", Map.of(), TestingPreflight.WRITE));
  }

  @Test
  void eachIsAWarningWithTheIndexThatHelpsAtAnyDepthAndWhateverItDoes() {
    assertThat(world.ready().warnings())
        .containsExactly(
            "step purge: foreign key tokens_key_id_fkey of tokens has no index: each row that goes from keys costs a"
                + " look through all of it (0 bytes); CREATE INDEX CONCURRENTLY ON \"public\".\"tokens\" (\"key_id\")",
            "step purge: foreign key uses_token_id_fkey of uses has no index: each row that goes from keys costs a"
                + " look through all of it (0 bytes); CREATE INDEX CONCURRENTLY ON \"public\".\"uses\" (\"token_id\")");
  }

  @Test
  void anIndexThatBeginsWithItsColumnEndsTheWarning() {
    world.execute(
        "CREATE INDEX ON tokens (key_id, id)",
        "CREATE INDEX ON uses (token_id) WHERE token_id IS NOT NULL");
    assertThat(world.ready().warnings()).isEmpty();
  }

  @Test
  void anIndexOfOtherRowsOrBehindAnotherColumnDoesNot() {
    world.execute(
        "CREATE INDEX ON tokens (id, key_id)", "CREATE INDEX ON uses (token_id) WHERE id > 7");
    assertThat(world.ready().warnings()).hasSize(2);
  }

  @Test
  void anIndexThatAnEarlierStepMakesCountsAsThere() {
    world.steps.add(
        0,
        new Step.Ddl(
            "lend",
            Optional.empty(),
            new Definition.Creates(
                "lent", "CREATE INDEX CONCURRENTLY lent ON tokens USING btree (key_id)")));
    assertThat(world.ready().warnings()).singleElement().asString().contains("uses_token_id_fkey");
    world.steps.add(world.steps.remove(0));
    assertThat(world.ready().warnings()).hasSize(2);
  }

  @Test
  void aStepThatFillsIsWarnedOfWhereItDeletes() {
    world.execute(
        "CREATE TABLE notes (o int, u int, FOREIGN KEY (o, u) REFERENCES access (object_id, user_id))");
    Step.Pairs keeps = TestingPreflight.pairsInto("access");
    world.steps.clear();
    world.steps.add(keeps);
    assertThat(world.ready().warnings()).isEmpty();
    world.steps.set(
        0,
        new Step.Pairs(
            keeps.name(),
            keeps.onlyIf(),
            new GrantSources(keeps.direct(), keeps.through(), keeps.members()),
            keeps.into(),
            Step.Surplus.DELETE,
            keeps.owns(),
            keeps.write()));
    assertThat(world.ready().warnings())
        .containsExactly(
            "step fill: foreign key notes_o_u_fkey of notes has no index: each row that goes from access costs a look"
                + " through all of it (0 bytes); CREATE INDEX CONCURRENTLY ON \"public\".\"notes\" (\"o\", \"u\")");
  }
}
