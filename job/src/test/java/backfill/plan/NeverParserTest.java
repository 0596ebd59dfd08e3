package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What a plan must never do, as it is read: each mistake with its line. */
class NeverParserTest {
  private static final String STEPS =
      """
      sources { member = members, added_all = all_of_them }
      steps = [
        { name = product-users, kind = pairs
          direct = [{ from = member, object = product_id, user = user_id }]
          into = { table = seen, object = product_id, user = user_id } }
        { name = flags, kind = rows, mode = update, query = "SELECT id, true AS staff FROM member"
          into = { table = users, key = [id] } }
        { name = tidy, kind = batches, table = seen, where = "old", set = { old = "false" } }
      ]
      """;

  private static Plan plan(String never) {
    return PlanFile.read("test.conf", "name = test\n" + never + "\n" + STEPS, List.of(), "1");
  }

  private static List<String> problems(String text) {
    InvalidPlanException invalid =
        catchThrowableOfType(
            InvalidPlanException.class, () -> PlanFile.read("test.conf", text, List.of(), "1"));
    return invalid.problems().stream()
        .map(problem -> problem.line() + ": " + problem.message())
        .toList();
  }

  private static List<String> problemsOf(String never) {
    return problems("name = test\n" + never + "\n" + STEPS);
  }

  @Test
  void aCheckKnowsTheRowsOfTheStepsThatItReads() {
    Plan plan =
        plan(
            "never { b-first = \"SELECT * FROM added_product_users a JOIN set_flags f ON f.id = a.user_id\"\n"
                + "a-second = \"SELECT * FROM added_all\" }");

    assertThat(plan.never()).extracting(Never::name).containsExactly("b-first", "a-second");
    assertThat(plan.never().get(0).relations())
        .extracting(Never.Relation::name)
        .containsExactly("added_product_users", "set_flags");
    assertThat(plan.never().get(1).relations()).isEmpty();
    // One that names no step is about the sources, which every step then has at hand.
    assertThat(plan.sourcesOf(plan.steps().get(1))).containsExactly("added_all", "member");
    assertThat(plan.withoutNever().sourcesOf(plan.steps().get(1))).containsExactly("member");
  }

  @Test
  void aPlansHashHoldsItsChecks() {
    String one = plan("never.a = \"SELECT 1 FROM added_product_users\"").hash();

    assertThat(plan("never.a = \"SELECT 2 FROM added_product_users\"").hash()).isNotEqualTo(one);
    assertThat(plan("").hash()).isNotEqualTo(one);
    assertThat(plan("never.a = \"SELECT 1 FROM added_product_users\"").hash()).isEqualTo(one);
  }

  @Test
  void everyMistakeHasItsLine() {
    assertThat(
            problemsOf(
                """
                never {
                  A = "SELECT 1 FROM added_product_users"
                  chance = "SELECT rand() FROM added_product_users"
                  nowhere = "SELECT :who FROM added_product_users"
                  list = [1]
                }"""))
        .containsExactly(
            "3: a name under never must be small letters, digits and hyphens, got A",
            "4: never.chance of the plan uses rand, which differs on each run; use a column, a parameter or, for the time, :now",
            "5: never.nowhere of the plan uses :who, which is not in params",
            "6: never.list of the plan must be text, got a list");
    assertThat(
            problemsOf(
                """
                never {
                  typo = "SELECT 1 FROM added_product_user"
                  pairs = "SELECT 1 FROM set_product_users"
                  update = "SELECT 1 FROM added_flags JOIN removed_flags"
                  batches = "SELECT 1 FROM set_tidy"
                  with = "WITH set_flags AS (SELECT 1) SELECT * FROM set_flags"
                  own = "WITH set_of_mine AS (SELECT 1 FROM member) SELECT * FROM set_of_mine"
                }"""))
        .containsExactly(
            "3: never.typo of the plan reads added_product_user, but no step has rows that are called so; did you mean added_product_users?",
            "4: never.pairs of the plan reads set_product_users, but step product-users never sets a row",
            "5: never.update of the plan reads added_flags, but step flags never adds a row",
            "5: never.update of the plan reads removed_flags, but step flags never takes a row away",
            "6: never.batches of the plan reads set_tidy, but step tidy is of kind batches; only steps of pairs and of rows have such rows",
            "7: never.with of the plan defines set_flags, which is what rows of step flags are called");
  }

  @Test
  void aSourceOrAViewThatIsCalledLikeTheRowsOfAStepIsRefused() {
    String plan =
        """
        name = test
        never.a = "SELECT 1 FROM member"
        sources { member = members
          added_fill = others }
        views.removed_fill = "SELECT 1 FROM member"
        steps = [{ name = fill, kind = pairs
          direct = [{ from = member, object = product_id, user = user_id }]
          into = { table = seen, object = product_id, user = user_id } }]
        """;

    assertThat(problems(plan))
        .containsExactly(
            "4: sources.added_fill of the plan is what a query under never calls rows of step fill; choose another name",
            "5: views.removed_fill of the plan is what a query under never calls rows of step fill; choose another name");
    // Where nothing is checked the names are free.
    assertThat(PlanFile.read("t", plan.replaceFirst("never.*", ""), List.of(), "1").sources())
        .containsKey("added_fill");
  }

  @Test
  void aPlanThatFillsNothingHasNothingToCheck() {
    assertThat(
            problems(
                """
                name = test
                never.a = "SELECT 1"
                steps = [{ name = tidy, kind = batches, table = seen, where = "old", set = { old = "false" } }]
                """))
        .containsExactly(
            "2: never of the plan is about what steps of pairs and of rows would do, and the plan has none of them");
  }

  @Test
  void theCommandLineCannotChangeACheck() {
    InvalidPlanException invalid =
        catchThrowableOfType(
            InvalidPlanException.class,
            () ->
                PlanFile.read(
                    "test.conf",
                    "name = test\nnever.a = \"SELECT 1 FROM added_product_users\"\n" + STEPS,
                    List.of("never.a=SELECT 1"),
                    "1"));

    assertThat(invalid.problems())
        .extracting(InvalidPlanException.Problem::message)
        .containsExactly("never.a cannot be set from the command line; edit the plan");
  }
}
