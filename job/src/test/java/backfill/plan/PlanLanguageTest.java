package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The words of a plan that is more than pairs: databases, keys, upserts, batches and ddl. */
class PlanLanguageTest {
  private static final String WHOLE =
      """
      name = whole
      allow-delete = true
      databases.ci.env = BACKFILL_CI
      params.newest = 20
      sources {
        infos     = infos
        pipelines { table = runs, database = ci, where = "done", keyed-by { id = [newest.run_id, infos.run_id] } }
      }
      views {
        known  = "SELECT * FROM newest JOIN pipelines ON run_id = id"
        newest = "SELECT id AS item_id, run_id FROM infos"
      }
      steps = [
        { name = table, kind = ddl, creates = items.state, statement = "ALTER TABLE items ADD COLUMN state text" }
        { name = fill, kind = rows, mode = upsert, query = "SELECT item_id, run_id, :now AS at, 1 AS made FROM known"
          into = { table = items, key = [item_id] }, insert-only = [made], touch = [at], surplus = delete
          owns = "kind = 1", unmatched = { lost = "SELECT count(*) FROM infos WHERE run_id > :newest" } }
        { name = add, kind = rows, mode = insert-missing, query = "SELECT item_id FROM newest"
          into = { table = others, key = [item_id] } }
        { name = purge, kind = batches, table = items, where = "at < :now::timestamptz", delete = true }
        { name = mark, kind = batches, table = items, key = [a, b], where = "x IS NULL", set = { y = ":now", x = "1" } }
        { name = strict, kind = ddl, not-null = [items.x, app.items.y] }
        { name = gone, kind = ddl, drops = items.z, statement = "ALTER TABLE items DROP COLUMN z" }
        { name = words, kind = ddl, enum = mood, values = [good, bad] }
      ]
      """;

  @Test
  void everyKindIsReadWhole() {
    Plan plan = PlanFile.read("whole.conf", WHOLE, List.of(), "1");
    assertThat(plan.databases()).isEqualTo(Map.of("main", "BACKFILL", "ci", "BACKFILL_CI"));
    assertThat(plan.sources().get("pipelines"))
        .isEqualTo(
            new Source(
                "pipelines",
                "runs",
                "ci",
                Optional.of("done"),
                Optional.of(
                    new Source.KeyedBy(
                        "id",
                        List.of(
                            new Source.KeyOrigin("newest", "run_id"),
                            new Source.KeyOrigin("infos", "run_id"))))));
    Step.Rows fill = (Step.Rows) plan.steps().get(1);
    assertThat(fill.mode()).isEqualTo(Step.Mode.UPSERT);
    assertThat(fill.insertOnly()).containsExactly("made");
    assertThat(fill.touch()).containsExactly("at");
    assertThat(fill.surplus()).isEqualTo(Step.Surplus.DELETE);
    assertThat(fill.owns()).contains("kind = 1");
    assertThat(fill.unmatched()).containsOnlyKeys("lost");
    Step.Rows add = (Step.Rows) plan.steps().get(2);
    assertThat(add.mode()).isEqualTo(Step.Mode.INSERT_MISSING);
    assertThat(add.surplus()).isEqualTo(Step.Surplus.IGNORE);
    Step.InPlace purge = (Step.InPlace) plan.steps().get(3);
    assertThat(purge.deletes()).isTrue();
    assertThat(purge.key()).isEmpty();
    Step.InPlace mark = (Step.InPlace) plan.steps().get(4);
    assertThat(mark.deletes()).isFalse();
    assertThat(mark.set()).isEqualTo(Map.of("y", ":now", "x", "1"));
    assertThat(definitions(plan))
        .containsExactly(
            new Definition.Creates("items.state", "ALTER TABLE items ADD COLUMN state text"),
            new Definition.NotNull(List.of("items.x", "app.items.y")),
            new Definition.Drops("items.z", "ALTER TABLE items DROP COLUMN z"),
            new Definition.EnumValues("mood", List.of("good", "bad")));
  }

  @Test
  void aKeyedSourceComesAfterWhatItsKeysAreIn() {
    Plan plan = PlanFile.read("whole.conf", WHOLE, List.of(), "1");
    assertThat(plan.relationsOf(plan.steps().get(1)))
        .containsExactly("infos", "newest", "pipelines", "known");
    assertThat(plan.sourcesOf(plan.steps().get(2))).containsExactly("infos");
    assertThat(plan.relationsOf(plan.steps().get(0))).isEmpty();
  }

  @Test
  void deletingNeedsTheOptInWhichTheCommandLineMayGive() {
    String asked = WHOLE.replace("allow-delete = true\n", "");
    assertThat(problems(asked))
        .containsExactly(
            "step fill deletes rows of items, and the plan does not say allow-delete = true; say it if they may go",
            "step purge deletes rows of items, and the plan does not say allow-delete = true; say it if they may go");
    assertThat(PlanFile.read("p.conf", asked, List.of("allow-delete=true"), "1").steps())
        .hasSize(8);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void aMistakeIsNamed(String before, String after, String expected) {
    assertThat(WHOLE).contains(before);
    assertThat(problems(WHOLE.replace(before, after))).first().isEqualTo(expected);
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        Arguments.of(
            "database = ci",
            "database = co",
            "database of source pipelines names co, which is not under databases; did you mean ci?"),
        Arguments.of(
            "databases.ci.env = BACKFILL_CI",
            "databases.ci.env = BACKFILL",
            "databases.ci.env of the plan is BACKFILL, as of another database"),
        Arguments.of(
            "databases.ci.env = BACKFILL_CI",
            "databases.ci.env = ci",
            "databases.ci.env of the plan must be what the names of its variables begin with, as in BACKFILL_CI for BACKFILL_CI_URL; got ci"),
        Arguments.of(
            "infos.run_id]",
            "run_id]",
            "keyed-by.id of source pipelines must hold source.column, got run_id"),
        Arguments.of(
            "infos.run_id]",
            "info.run_id]",
            "sources.pipelines of the plan takes its keys from info, which is neither a source nor a view; did you mean infos?"),
        Arguments.of(
            "infos.run_id]",
            "known.run_id]",
            "sources.pipelines of the plan needs itself: pipelines -> known -> pipelines"),
        Arguments.of(
            "mode = upsert",
            "mode = merge",
            "mode of step fill must be insert-missing or upsert or update, got merge"),
        Arguments.of(
            "insert-only = [made]",
            "insert-only = [item_id]",
            "insert-only of step fill names item_id, which is part of the key and never set"),
        Arguments.of(
            "insert-only = [made]",
            "insert-only = [at]",
            "touch of step fill names at, and so does insert-only; keep one of them"),
        Arguments.of(
            "mode = insert-missing",
            "mode = insert-missing, touch = [b]",
            "touch of step add needs a mode that sets rows, upsert or update"),
        Arguments.of(
            "mode = insert-missing",
            "mode = insert-missing, insert-only = [b]",
            "insert-only of step add goes with mode = upsert alone, which both adds and sets rows"),
        Arguments.of(
            "mode = insert-missing",
            "mode = update, surplus = report",
            "surplus of step add needs a mode that adds rows, upsert or insert-missing: no other row is ours"),
        Arguments.of(
            "surplus = delete",
            "surplus = drop",
            "surplus of step fill must be report or delete or ignore, got drop"),
        Arguments.of(
            "delete = true }",
            "delete = yes }",
            "delete of step purge must be true or false, got the text \"yes\""),
        Arguments.of(
            ", delete = true }",
            " }",
            "step purge neither sets nor deletes; give it set { column = expression }, or delete = true"),
        Arguments.of(
            "set = { y",
            "delete = true, set = { y",
            "step mark has both set and delete; give it set { column = expression }, or delete = true"),
        Arguments.of(
            "key = [a, b]",
            "key = [x]",
            "set of step mark sets x, a column of the key that it goes along"),
        Arguments.of(
            "\":now\"", "\"f(:then)\"", "set.y of step mark uses :then, which is not in params"),
        Arguments.of(
            "not-null = [items.x, app.items.y]",
            "not-null = [x]",
            "not-null of step strict must name columns as table.column, got x"),
        Arguments.of(
            "drops = items.z",
            "drops = items.z, creates = a",
            "step gone has creates and drops; give it one of creates, drops, not-null, enum"),
        Arguments.of(
            "enum = mood, values = [good, bad]",
            "table = mood",
            "step words changes nothing; give it one of creates, drops, not-null, enum"),
        Arguments.of(
            "values = [good, bad]",
            "values = [good, good]",
            "values of step words names good twice"),
        Arguments.of(
            "SELECT item_id FROM newest",
            "SELECT uuid() AS item_id FROM newest",
            "query of step add uses uuid, which differs on each run; use run_uuid(key), which a task that is tried again gives again"));
  }

  private static List<Definition> definitions(Plan plan) {
    return plan.steps().stream()
        .filter(Step.Ddl.class::isInstance)
        .map(step -> ((Step.Ddl) step).definition())
        .toList();
  }

  private static List<String> problems(String text) {
    return catchThrowableOfType(
            InvalidPlanException.class, () -> PlanFile.read("whole.conf", text, List.of(), "1"))
        .problems()
        .stream()
        .map(InvalidPlanException.Problem::message)
        .toList();
  }
}
