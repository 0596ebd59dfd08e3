package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the configuration files to a reason on the line above each setting. */
class ConfReasonsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conf/spark-defaults.conf",
        "conf/log4j2.properties",
        "job/src/test/resources/log4j2-test.properties"
      })
  void everySettingHasItsReasonDirectlyAbove(String file) {
    List<String> lines = TestingCheckout.lines(TestingCheckout.root().resolve(file));

    assertThat(lines).as(file).isNotEmpty();
    assertThat(bareSettings(lines)).as("settings of %s without a reason above", file).isEmpty();
  }

  @Test
  void bareSettingIsFound() {
    assertThat(bareSettings(List.of("spark.master local[*]")))
        .containsExactly("1: spark.master local[*]");
  }

  @Test
  void secondSettingBelowOneReasonIsFound() {
    assertThat(bareSettings(List.of("# Why it is so.", "a.b = 1", "a.c = 2")))
        .containsExactly("3: a.c = 2");
  }

  @Test
  void reasonAboveAnEmptyLineBelongsToNoSetting() {
    assertThat(bareSettings(List.of("# Why it is so.", "", "a.b = 1")))
        .containsExactly("3: a.b = 1");
  }

  @Test
  void commentWithoutWordsIsNoReason() {
    assertThat(bareSettings(List.of("# ---", "a.b = 1"))).containsExactly("2: a.b = 1");
  }

  @Test
  void settingBelowItsReasonPasses() {
    assertThat(bareSettings(List.of("# About the file.", "", "# Why it is so.", "a.b = 1", "")))
        .isEmpty();
  }

  private static List<String> bareSettings(List<String> lines) {
    List<String> bare = new ArrayList<>();
    String above = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      boolean setting = !line.isEmpty() && !line.startsWith("#");
      if (setting && !above.matches("#.*\\w+ .*\\w+.*")) {
        bare.add(i + 1 + ": " + line);
      }
      above = line;
    }
    return bare;
  }
}
