package backfill.postgres.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.postgres.server.TestingPreflight;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A source whose rows are fetched by key needs that key, of a type we send, and an index on it. */
@ExtendWith(TestingPreflight.Dropped.class)
class KeyCheckTest {
  private final TestingPreflight world = TestingPreflight.pairs();

  /** Source {@code direct} is fetched by this column, with the object ids of {@code through}. */
  private TestingPreflight keyedBy(String column) {
    world.sources.put(
        "direct",
        new Source(
            "direct",
            "direct",
            Plan.MAIN,
            Optional.empty(),
            Optional.of(
                new Source.KeyedBy(
                    column, List.of(new Source.KeyOrigin("through", "object_id"))))));
    return world;
  }

  @Test
  void anIndexThatLeadsWithTheKeyIsEnough() {
    assertThat(keyedBy("id").ready().sources()).containsKey("direct");

    world.execute("CREATE INDEX ON direct USING hash (object_id)");
    assertThat(keyedBy("object_id").ready().sources()).containsKey("direct");
  }

  @Test
  void missingColumnIsNamed() {
    assertThat(keyedBy("objct_id").reasons())
        .containsExactly(
            "source direct: direct has no column \"objct_id\", which keyed-by names; did you mean object_id?");
  }

  @Test
  void typeThatIsNoKeyIsNamed() {
    world.execute("ALTER TABLE direct ADD COLUMN at timestamptz");

    assertThat(keyedBy("at").reasons())
        .containsExactly(
            "source direct: keyed-by names direct.at, which is timestamp with time zone; keys are integers, uuid or text");
  }

  @Test
  void withoutAnIndexEachFetchWouldReadTheWholeTable() {
    world.execute(
        "CREATE INDEX ON direct (user_id, object_id)",
        "CREATE INDEX ON direct (object_id) WHERE user_id > 0",
        "CREATE INDEX ON direct ((object_id + 1))",
        "CREATE INDEX ON direct USING brin (object_id)");

    assertThat(keyedBy("object_id").reasons())
        .containsExactly(
            "source direct: no valid index of direct leads with object_id, so that each fetch by key would read all of"
                + " it; CREATE INDEX CONCURRENTLY ON \"public\".\"direct\" (\"object_id\"), or leave out keyed-by");
  }

  @Test
  void eachPartitionNeedsAnIndexOfItsOwn() {
    world.execute(
        "DROP TABLE direct",
        "CREATE TABLE direct (object_id int, user_id int) PARTITION BY LIST (object_id)",
        "CREATE TABLE direct_1 PARTITION OF direct FOR VALUES IN (1)",
        // Another place for the same column.
        "CREATE TABLE direct_2 (note text, user_id int, object_id int)",
        "ALTER TABLE direct_2 DROP COLUMN note",
        "ALTER TABLE direct ATTACH PARTITION direct_2 FOR VALUES IN (2)",
        "CREATE INDEX ON direct_2 (object_id)");

    assertThat(keyedBy("object_id").reasons())
        .singleElement()
        .asString()
        .startsWith("source direct: no valid index of direct_1 leads with object_id");

    world.execute("CREATE INDEX ON direct_1 (object_id)");
    assertThat(keyedBy("object_id").ready().sources()).containsKey("direct");
  }
}
