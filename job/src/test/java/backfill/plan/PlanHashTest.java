package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanHashTest {
  private static final String HASH = read(SMALL).hash();

  @Test
  void isSha256InHexadecimal() {
    assertThat(HASH).matches("[0-9a-f]{64}");
  }

  @Test
  void anotherLayoutIsTheSamePlan() {
    String text =
        """
        # another order, other punctuation
        { "steps" : [ {
            into { user = user_id, table = "pairs", object = product_id }
            kind = pairs, name = one
            direct = [
              { user = user_id, object = product_id, from = grants } ] } ],
          sources.grants = app_grants
          params.strict = false, params.share = 0.5, params.newest = 20, params.group = "admins"
          name = small }
        """;
    assertThat(read(text).hash()).isEqualTo(HASH);
  }

  @ParameterizedTest
  @CsvSource({
    "name = small,name = other",
    "admins,everybody",
    "newest = 20,newest = 21",
    "newest = 20,newest = \"20\"",
    "app_grants,other_grants",
    "name = one,name = two",
    "table = pairs,table = other",
    "kind = pairs,'kind = pairs, only-if = x'",
    "name = small,'name = small, only-if = x'",
    "name = small,'name = small, views.v = SELECT 1'",
    "name = small,'name = small, time-zone = \"Europe/Berlin\"'"
  })
  void anotherDecisionIsAnotherPlan(String from, String to) {
    assertThat(SMALL).contains(from);
    assertThat(read(SMALL.replace(from, to)).hash()).isNotEqualTo(HASH);
  }

  @Test
  void theZoneThatAPlanHasAnywayIsTheSamePlan() {
    assertThat(read(SMALL + "\ntime-zone = UTC").hash()).isEqualTo(HASH);
  }

  @Test
  void theOrderOfStepsCounts() {
    String two =
        "{ name = two, kind = rows, mode = update, query = q, into { table = t, key = [k] } }";
    String last = SMALL.replaceFirst("}]\\s*$", "}, " + two + "]");
    String first = SMALL.replace("steps = [", "steps = [" + two + ", ");
    assertThat(read(last).hash()).isNotEqualTo(read(first).hash());
  }

  @Test
  void aSetParamAndAnotherVersionCount() {
    assertThat(read(SMALL, "params.newest=21").hash())
        .isEqualTo(read(SMALL.replace("newest = 20", "newest = 21")).hash());
    assertThat(PlanFile.read("test.conf", SMALL, List.of(), "1.1").hash()).isNotEqualTo(HASH);
  }

  @Test
  void limitsCountHoweverTheyAreSet() {
    String limited = read(SMALL + "limits.rows-inserted = 10").hash();
    assertThat(limited).isNotEqualTo(HASH);
    assertThat(read(SMALL, "limits.rows-inserted=10").hash()).isEqualTo(limited);
    assertThat(read(SMALL + "limits { rows-inserted = 11 }", "limits.rows-inserted= 10").hash())
        .isEqualTo(limited);
    assertThat(read(SMALL + "limits.growth-percent = 10").hash()).isNotEqualTo(limited);
    assertThat(read(SMALL + "limits.rejected-rows = 10").hash()).isNotEqualTo(HASH);
    assertThat(read(SMALL + "limits { rejected-rows = 0, rows-inserted = none }").hash())
        .isEqualTo(HASH);
  }

  @Test
  void settingsAndLocationDoNotCount() {
    String text = SMALL.replace("kind = pairs", "kind = pairs, write { writers = 8 }");
    assertThat(
            read(text + "lock-timeout = 1 s\nstop-after = 1 h\nread.readers = 2", "write.writers=3")
                .hash())
        .isEqualTo(HASH);
    assertThat(read(SMALL + "hooks.time-limit = 1 s").hash()).isEqualTo(HASH);
    assertThat(read(SMALL + "hooks { on-end = [a], time-limit = 1 s }").hash())
        .isNotEqualTo(HASH)
        .isNotEqualTo(read(SMALL + "hooks.on-end = [b]").hash())
        .isEqualTo(read(SMALL + "hooks.on-end = [a]").hash());
    assertThat(PlanFile.read("elsewhere.conf", SMALL, List.of(), "1.0").hash()).isEqualTo(HASH);
  }

  @Test
  void whetherRowsAreTakenBackCountsAndWhatApprovesDoesNot() {
    String deletes = SMALL + "allow-delete = true\n";
    assertThat(read(deletes + "on-revoked = remove").hash())
        .isNotEqualTo(HASH)
        .isEqualTo(read(deletes, "on-revoked=remove").hash());
    assertThat(read(deletes + "on-revoked = report").hash()).isEqualTo(HASH);
    assertThat(read(SMALL + "approve = exact\nlimits.drift-percent = 7").hash()).isEqualTo(HASH);
  }
}
