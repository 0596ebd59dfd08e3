package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions that would say something else the next time are refused before a server is asked. */
class RepeatableTextTest {

  private static String plan(String query, String where, String set) {
    return """
        name = repeated
        sources.src = { table = src, where = \"""%s\""" }
        steps = [
          { name = s, kind = rows, mode = upsert, query = \"""%s\""", into = { table = seen, key = [id] } }
          { name = b, kind = batches, table = seen, where = "x IS NULL", set = { x = \"""%s\""" } } ]
        """
        .formatted(where, query, set);
  }

  private static void assertRefused(String text, String cure) {
    InvalidPlanException refused =
        catchThrowableOfType(
            InvalidPlanException.class,
            () -> PlanFile.read("plan.conf", text, java.util.List.of(), "1"));
    assertThat(refused).as(text).isNotNull();
    assertThat(refused.getMessage()).contains(cure);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TIMESTAMP 'now'",
        "DATE 'today'",
        "TIMESTAMP 'yesterday'",
        "DATE 'tomorrow'",
        "now()",
        "timestamp_ntz' NOW '",
        "TIMESTAMP_LTZ \"now\"",
        "timestamp 'today Europe/Berlin'",
        "CAST('now' AS TIMESTAMP)",
        "'now'::timestamp",
        "TRY_CAST('today' AS date)",
        "'tomorrow' :: date",
        "to_date('today')",
        "to_timestamp('now')",
        "date('today')",
        "TIMESTAMP /* x */ 'now'",
        "timestamp('now')"
      })
  void theTimeByAnotherName(String expression) {
    assertRefused(plan("SELECT id, " + expression + " AS x FROM src", "true", "1"), "use :now");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "at > now()",
        "at > current_date",
        "at > clock_timestamp()",
        "at > 'now'::timestamptz",
        "at > date 'today'",
        "at > CAST('now' AS timestamp with time zone)",
        "at > timestamp with time zone 'now'",
        "at > statement_timestamp() - interval '1 day'",
        "age(at) > '1 day'"
      })
  void theTimeInAConditionOfPostgres(String condition) {
    assertRefused(plan("SELECT id FROM src", condition, "1"), "use :now");
  }

  @Test
  void chanceAndTheSessionInAConditionOfPostgres() {
    assertRefused(plan("SELECT id FROM src", "random() < 0.5", "1"), "uses random");
    assertRefused(plan("SELECT id FROM src", "id > txid_current()", "1"), "uses txid_current");
    assertRefused(plan("SELECT id FROM src", "owner = current_user", "1"), "use a parameter");
    assertRefused(plan("SELECT id FROM src", "owner = session_user", "1"), "use a parameter");
    assertRefused(plan("SELECT id FROM src", "true", "now()"), "use :now");
  }

  @Test
  void textsAndWhatARowGetsOnceAreLegal() {
    String text =
        plan(
            "SELECT id, 'now' AS x, :now AS y FROM src WHERE status = 'now' AND kind IN ('today', \"now\")",
            "status = 'now' AND at < :now::timestamptz AND note = 'current_user' AND src.now > 1 AND age(at, made) > '1 d'",
            "gen_random_uuid()");

    assertThatCode(() -> PlanFile.read("plan.conf", text, java.util.List.of(), "1"))
        .doesNotThrowAnyException();
  }
}
