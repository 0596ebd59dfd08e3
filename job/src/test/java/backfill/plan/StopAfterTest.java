package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StopAfterTest {
  private static final Instant START = Instant.parse("2026-11-21T04:00:00Z");
  private static final String EXPECTED =
      "stop-after must be a duration with its unit, as in 45 min, a time with its offset, as in"
          + " 2026-11-21T05:00:00Z, or never, got ";

  @Test
  void neverHasNoDeadline() {
    assertThat(read(SMALL).settings().deadline(START)).isEmpty();
    assertThat(read(SMALL + "stop-after = 1 h", "stop-after=never").settings().deadline(START))
        .isEmpty();
  }

  @Test
  void aDurationCountsFromTheStart() {
    assertThat(read(SMALL + "stop-after = 45 min").settings().deadline(START))
        .contains(Instant.parse("2026-11-21T04:45:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2026-11-21T05:00:00Z", "2026-11-21T06:00+01:00", "2026-11-21T00:00:00-05:00"})
  void aTimeIsTheDeadline(String time) {
    Instant five = Instant.parse("2026-11-21T05:00:00Z");
    assertThat(read(SMALL + "stop-after = \"" + time + "\"").settings().deadline(START))
        .contains(five);
    assertThat(read(SMALL, "stop-after=" + time).settings().deadline(START)).contains(five);
  }

  @ParameterizedTest
  @ValueSource(strings = {"05:00", "2026-11-21T05:00:00", "2026-11-21", "45", "soon"})
  void anythingElseIsRefused(String text) {
    assertThat(problems(SMALL, "stop-after=" + text))
        .containsExactly("--set: " + EXPECTED + "the text \"" + text + "\"");
  }

  @Test
  void aNumberWithoutAUnitIsRefused() {
    assertThat(problems(SMALL + "stop-after = 45"))
        .containsExactly("test.conf:7: " + EXPECTED + "the number 45");
  }

  @ParameterizedTest
  @ValueSource(strings = {"999 ms", "169 h"})
  void aDurationOutOfRangeIsRefused(String text) {
    assertThat(problems(SMALL, "stop-after=" + text))
        .singleElement()
        .asString()
        .startsWith("--set: stop-after must be 1 s to 168 h, got ");
  }
}
