package backfill.plan;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;

/** Plans for tests, and what reading them says. */
final class TestingPlans {
  /** A plan without mistakes; its {@code steps} line is number 4. */
  static final String SMALL =
      """
      name = small
      params { group = admins, newest = 20, share = 0.5, strict = false }
      sources { grants = app_grants }
      steps = [{ name = one, kind = pairs
        direct = [{ from = grants, object = product_id, user = user_id }]
        into = { table = pairs, object = product_id, user = user_id } }]
      """;

  private TestingPlans() {}

  static Plan read(String text, String... sets) {
    return PlanFile.read("test.conf", text, List.of(sets), "1.0");
  }

  /** The lines that reading must end in. */
  static List<String> problems(String text, String... sets) {
    InvalidPlanException refused =
        catchThrowableOfType(InvalidPlanException.class, () -> read(text, sets));
    return refused == null
        ? List.of()
        : refused.problems().stream().map(InvalidPlanException.Problem::toString).toList();
  }
}
