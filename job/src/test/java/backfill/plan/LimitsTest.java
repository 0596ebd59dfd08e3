package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
  private static final OptionalLong NONE = OptionalLong.empty();
  private static final Limits DEFAULTS = new Limits(0, NONE, NONE, NONE, NONE, NONE);

  @Test
  void defaults() {
    assertThat(read(SMALL).limits()).isEqualTo(DEFAULTS);
  }

  @Test
  void everyKey() {
    String text =
        """
        limits { rejected-rows = 1, rows-inserted = 1000000000000, growth-percent = 3
          pairs-for-one-user = 4, users-of-one-object = 0, rows-deleted = 6 }
        """;
    assertThat(read(SMALL + text).limits())
        .isEqualTo(
            new Limits(
                1,
                OptionalLong.of(1_000_000_000_000L),
                OptionalLong.of(3),
                OptionalLong.of(4),
                OptionalLong.of(0),
                OptionalLong.of(6)));
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
    assertThatThrownBy(() -> new Limits(-1, NONE, NONE, NONE, NONE, NONE))
        .hasMessage("limits.rejected-rows must be 0 to 1000000000000, got -1");
    assertThatThrownBy(() -> new Limits(0, NONE, OptionalLong.of(1_000_001), NONE, NONE, NONE))
        .hasMessage("limits.growth-percent must be 0 to 1000000, got 1000001");
  }

  @Test
  void theCommandLineSetsAndLiftsALimit() {
    String text = SMALL + "limits { rows-inserted = 10, growth-percent = 5 }";
    Limits limits = read(text, "limits.rows-inserted=none", "limits.rejected-rows=7").limits();
    assertThat(limits).isEqualTo(new Limits(7, NONE, OptionalLong.of(5), NONE, NONE, NONE));
    assertThat(problems(SMALL, "limits.rows=1", "limits=none"))
        .containsExactly("--set: limits.rows is not a setting", "--set: limits is not a setting");
  }

  @Test
  void rejectedRowsAloneGuardNoWrite() {
    assertThat(read(SMALL + "limits.rejected-rows = 5").limits().guardTheWrite()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rows-inserted",
        "growth-percent",
        "pairs-for-one-user",
        "users-of-one-object",
        "rows-deleted"
      })
  void everyOtherLimitGuardsTheWrite(String key) {
    assertThat(read(SMALL + "limits." + key + " = 5").limits().guardTheWrite()).isTrue();
  }
}
