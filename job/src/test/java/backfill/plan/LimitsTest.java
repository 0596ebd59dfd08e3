package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.plan.Limits.Bound;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
  private static final Limits DEFAULTS = new Limits(0, 1, Map.of(Bound.SURPLUS_PERCENT, 20L));

  @Test
  void defaults() {
    assertThat(read(SMALL).limits()).isEqualTo(DEFAULTS);
  }

  @Test
  void everyKey() {
    String text =
        """
        limits { rejected-rows = 1, drift-percent = 5, rows-inserted = 1000000000000, growth-percent = 3
          pairs-for-one-user = 4, users-of-one-object = 0, rows-deleted = 6
          rows-set = 2, surplus-percent = 100
          except { rows-inserted = [one], pairs-for-one-user = [7, admin] } }
        """;
    assertThat(read(SMALL + text).limits())
        .isEqualTo(
            new Limits(
                1,
                5,
                Map.of(
                    Bound.ROWS_INSERTED,
                    1_000_000_000_000L,
                    Bound.ROWS_SET,
                    2L,
                    Bound.GROWTH_PERCENT,
                    3L,
                    Bound.PAIRS_FOR_ONE_USER,
                    4L,
                    Bound.USERS_OF_ONE_OBJECT,
                    0L,
                    Bound.ROWS_DELETED,
                    6L,
                    Bound.SURPLUS_PERCENT,
                    100L),
                Map.of(
                    Bound.ROWS_INSERTED, Set.of("one"),
                    Bound.PAIRS_FOR_ONE_USER, Set.of("7", "admin"))));
  }

  @Test
  void exceptionsThatNameNothingAreRefused() {
    assertThat(
            problems(
                SMALL
                    + "limits.except { rejected-rows = [one], rows-set = [other], rows-deleted = [[1]] }"))
        .containsExactly(
            "test.conf:7: limits.except.rejected-rows of the plan is not a limit that a step, a user or an object can be"
                + " excepted from",
            "test.conf:7: limits.except.rows-deleted of the plan must hold names or numbers, got a list");
    assertThat(problems(SMALL + "limits.except.rows-set = [on]"))
        .containsExactly(
            "test.conf:7: limits.except.rows-set of the plan names on, which is not a step; did you mean one?");
  }

  @Test
  void everyRefusal() {
    String text =
        """
        limits { rejected-rows = none
          rows-inserted = -1
          growth-percent = 10 percent
          pairs-for-one-user = 1.5
          users-of-one-object = 1000000000001
          rows-deleted = null
          rows-updated = 1 }
        """;
    assertThat(problems(SMALL + text))
        .containsExactly(
            "test.conf:7: limits.rejected-rows must be a whole number, got none",
            "test.conf:8: limits.rows-inserted must be 0 to 1000000000000, got -1",
            "test.conf:9: limits.growth-percent must be a whole number, or none, got 10 percent",
            "test.conf:10: limits.pairs-for-one-user must be a whole number, or none, got 1.5",
            "test.conf:11: limits.users-of-one-object must be 0 to 1000000000000,"
                + " got 1000000000001",
            "test.conf:12: limits.rows-deleted must be a whole number, or none, got null",
            "test.conf:13: unknown key limits.rows-updated in the plan");
  }

  @Test
  void theRecordRefusesTheSame() {
    assertThatThrownBy(() -> new Limits(-1, 1, Map.of()))
        .hasMessage("limits.rejected-rows must be 0 to 1000000000000, got -1");
    assertThatThrownBy(() -> new Limits(0, 1, Map.of(Bound.GROWTH_PERCENT, 1_000_001L)))
        .hasMessage("limits.growth-percent must be 0 to 1000000, got 1000001");
  }

  @Test
  void theCommandLineSetsAndLiftsALimit() {
    String text = SMALL + "limits { rows-inserted = 10, growth-percent = 5 }";
    Limits limits = read(text, "limits.rows-inserted=none", "limits.rejected-rows=7").limits();
    assertThat(limits)
        .isEqualTo(new Limits(7, 1, Map.of(Bound.GROWTH_PERCENT, 5L, Bound.SURPLUS_PERCENT, 20L)));
    assertThat(problems(SMALL, "limits.rows=1", "limits=none"))
        .containsExactly("--set: limits.rows is not a setting", "--set: limits is not a setting");
  }

  @Test
  void rejectedRowsAndSurplusAloneGuardNoWrite() {
    assertThat(read(SMALL + "limits.rejected-rows = 5").limits().guardTheWrite()).isFalse();
    assertThat(read(SMALL + "limits.surplus-percent = 5").limits().guardTheWrite()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rows-inserted",
        "rows-set",
        "growth-percent",
        "pairs-for-one-user",
        "users-of-one-object",
        "rows-deleted"
      })
  void everyOtherLimitGuardsTheWrite(String key) {
    assertThat(read(SMALL + "limits." + key + " = 5").limits().guardTheWrite()).isTrue();
  }
}
