package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverridesTest {
  @Test
  void paramsKeepTheTypeOfTheirDefault() {
    Plan plan =
        read(SMALL, "params.group=007", "params.newest=7", "params.share=1", "params.strict=true");
    assertThat(plan.params())
        .isEqualTo(Map.of("group", "007", "newest", 7L, "share", 1.0, "strict", true));
  }

  @Test
  void aValueThatDoesNotFitIsRefused() {
    assertThat(problems(SMALL, "params.newest=1.5", "params.share=NaN", "params.strict=yes"))
        .containsExactly(
            "--set: params.newest must be a whole number as in the plan (20), got 1.5",
            "--set: params.share must be a number as in the plan (0.5), got NaN",
            "--set: params.strict must be true or false as in the plan (false), got yes");
  }

  @Test
  void aSetParamIsSeenBySubstitutions() {
    String text = SMALL + "only-if = \"EXISTS (SELECT FROM \"${params.group}\")\"";
    assertThat(read(text.replace("\"\")\"", "\")\""), "params.group=t").onlyIf())
        .contains("EXISTS (SELECT FROM t)");
  }

  @Test
  void aSetParamStandsInForAVariableThatIsNotSet() {
    String text = SMALL.replace("admins", "${NOT_SET_ANYWHERE}");
    assertThat(read(text, "params.group=7").params()).containsEntry("group", "7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{ a = 1 }", "[1]", "${PATH}", "a, strict = true", "\"x\"", "a=b"})
  void aValueIsNeverReadAsHocon(String value) {
    assertThat(read(SMALL, "params.group=" + value).params())
        .containsEntry("group", value)
        .hasSize(4);
  }

  @Test
  void settingsAreChecked() {
    assertThat(read(SMALL, "write.writers=7", "lock-timeout=1 s").settings().write().writers())
        .isEqualTo(7);
    assertThat(problems(SMALL, "write.writers=0", "lock-timeout=1", "progress-every=6 s"))
        .containsExactly(
            "--set: lock-timeout must be a duration with its unit, as in 500 ms, 30 s or 2 min,"
                + " got 1",
            "--set: progress-every must be 10 ms to 5 s, got 6 s",
            "--set: write.writers must be 1 to 64, got 0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "steps",
        "steps.0.into.table",
        "sources",
        "sources.grants",
        "views.v",
        "databases.ci.env",
        "name",
        "only-if"
      })
  void whatDecidesAboutAccessIsRefused(String key) {
    assertThat(problems(SMALL, key + "=x"))
        .containsExactly("--set: " + key + " cannot be set from the command line; edit the plan");
  }

  @Test
  void unknownKeysAreRefused() {
    assertThat(problems(SMALL, "write.writer=1", "params.gruop=x", "params=x", "foo=1", "write=1"))
        .containsExactly(
            "--set: write.writer is not a setting; did you mean write.writers?",
            "--set: params.gruop is not declared by the plan; did you mean params.group?",
            "--set: params is not a setting",
            "--set: foo is not a setting",
            "--set: write is not a setting");
  }

  @Test
  void oneKeyTwiceAndNoEqualsAreRefused() {
    assertThat(problems(SMALL, "write.writers=1", "write.writers=2", "write.writers", "=x"))
        .containsExactly(
            "--set: write.writers is set twice; set it once",
            "--set: expected KEY=VALUE, got write.writers",
            "--set: expected KEY=VALUE, got =x");
  }

  @Test
  void whatApprovesARunCanBeMadeStricterAndNotLess() {
    assertThat(read(SMALL, "approve=counts").settings().approve())
        .isEqualTo(Settings.Approve.COUNTS);
    String demanding = SMALL + "approve = counts";
    assertThat(read(demanding, "approve=exact").settings().approve())
        .isEqualTo(Settings.Approve.EXACT);
    assertThat(problems(demanding, "approve=none"))
        .containsExactly(
            "--set: approve is counts in the plan, and can be made stricter from the command line, not none");
  }
}
