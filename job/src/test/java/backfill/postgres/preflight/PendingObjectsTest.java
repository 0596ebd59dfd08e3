package backfill.postgres.preflight;

import static backfill.postgres.server.TestingPreflight.pairsInto;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.TableName;
import backfill.postgres.server.TestingPreflight;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an earlier step makes is looked at right before the step that needs it, and not before. */
@ExtendWith(TestingPreflight.Dropped.class)
class PendingObjectsTest {
  private static final String TABLE =
      "CREATE TABLE made (object_id int NOT NULL, user_id int NOT NULL, PRIMARY KEY (object_id, user_id))";

  private final TestingPreflight world = TestingPreflight.pairs();

  private static Step.Ddl makes(String object, String statement) {
    return new Step.Ddl("make", Optional.empty(), new Definition.Creates(object, statement));
  }

  private void steps(Step... steps) {
    world.steps.clear();
    world.steps.addAll(List.of(steps));
  }

  @Test
  void targetThatAnEarlierStepMakesIsDeferred() {
    steps(makes("made", TABLE), pairsInto("made"));

    PreflightResult ready = world.ready();

    assertThat(ready.pending())
        .containsOnlyKeys("fill")
        .containsValue(new PreflightResult.Pending("made is made by step make", true));
    assertThat(ready.targets().get("fill").table().isPending()).isTrue();
    assertThat(ready.targets().get("fill").table().name())
        .isEqualTo(new TableName("public", "made"));
  }

  @Test
  void aNameWithItsSchemaIsTheSameTable() {
    steps(makes("public.made", TABLE), pairsInto("\"made\""));

    assertThat(world.ready().pending()).containsOnlyKeys("fill");
  }

  @Test
  void targetThatIsThereIsCheckedNow() {
    world.execute("CREATE TABLE made (object_id int NOT NULL, user_id int NOT NULL)");
    steps(makes("made", TABLE), pairsInto("made"));

    assertThat(world.reasons())
        .singleElement()
        .asString()
        .contains("made has no unique index that says which rows are the same");
  }

  @Test
  void targetThatALaterStepMakesIsMissing() {
    steps(pairsInto("made"), makes("made", TABLE));

    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith("step fill: table made does not exist in the search path");
  }

  @Test
  void targetThatAStepMakesWhichIsSkippedIsMissing() {
    steps(
        new Step.Ddl("make", Optional.of("false"), new Definition.Creates("made", TABLE)),
        pairsInto("made"));

    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith("step fill: table made does not exist in the search path");
  }

  @Test
  void indexThatAnEarlierStepMakesIsWaitedFor() {
    world.execute("CREATE TABLE made (object_id int NOT NULL, user_id int NOT NULL)");
    steps(
        makes("made_key", "CREATE UNIQUE INDEX made_key ON made (object_id, user_id)"),
        pairsInto("made"));

    assertThat(world.ready().pending().get("fill"))
        .isEqualTo(new PreflightResult.Pending("made is made by step make", false));
  }

  @Test
  void columnThatAnEarlierStepMakesIsWaitedFor() {
    world.execute("ALTER TABLE direct DROP COLUMN user_id");
    steps(
        makes("direct.user_id", "ALTER TABLE direct ADD COLUMN user_id int"), pairsInto("access"));

    assertThat(world.ready().pending().get("fill"))
        .isEqualTo(
            new PreflightResult.Pending(
                "direct, which it reads as direct, is made by step make", false));
  }

  @Test
  void sourceThatAnEarlierStepMakesIsWaitedForAndTheOthersAreNot() {
    world.execute("DROP TABLE direct", "DROP TABLE through");
    steps(makes("direct", "CREATE TABLE direct (object_id int, user_id int)"), pairsInto("access"));

    assertThat(world.reasons())
        .singleElement()
        .asString()
        .startsWith("source through: table through does not exist in the search path");
  }

  @Test
  void rightBeforeItsStepTheTargetMustBeThere() {
    steps(makes("made", TABLE), pairsInto("made"));
    PreflightResult before = world.ready();

    assertThatThrownBy(() -> world.again(before))
        .isInstanceOf(NotReadyException.class)
        .hasMessageContaining("step fill: table made does not exist in the search path");

    world.execute(TABLE);
    PreflightResult again = world.again(before);
    assertThat(again.pending()).isEmpty();
    assertThat(again.targets().get("fill").arbiter().index()).isEqualTo("made_pkey");
    assertThat(again.now()).isEqualTo(before.now());
  }

  @Test
  void whatIsGoneMeanwhileIsFoundRightBeforeTheStep() {
    PreflightResult before = world.ready();
    world.execute("ALTER TABLE direct DROP COLUMN user_id");

    assertThatThrownBy(() -> world.again(before))
        .isInstanceOf(NotReadyException.class)
        .hasMessageContaining("direct has no column \"user_id\"");
  }
}
