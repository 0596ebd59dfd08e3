package backfill.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingRun;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RunMetricTest {

  @Test
  void theHelpNamesEachInItsOrderAndNoOther() {
    TestingRun help = TestingRun.bare(Map.of(), "help", "metrics");
    List<String> named =
        Pattern.compile("(?m)^ {2}(backfill_\\w+)")
            .matcher(String.join("\n", help.out()))
            .results()
            .map((MatchResult name) -> name.group(1))
            .toList();

    assertThat(named)
        .isEqualTo(Arrays.stream(RunMetric.values()).map(RunMetric::fullName).toList());
  }

  @Test
  void namesAreAsPrometheusWantsThem() {
    for (RunMetric metric : RunMetric.values()) {
      assertThat(metric.fullName()).matches("backfill_[a-z]+(_[a-z]+)*");
      assertThat(metric.fullName().endsWith("_total")).isEqualTo(metric.isCounter());
      assertThat(metric.fullName()).doesNotContain("millis", "_ms");
      assertThat(metric.help).matches("[A-Z].*\\.");
    }
  }
}
