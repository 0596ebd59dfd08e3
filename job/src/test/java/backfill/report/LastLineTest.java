package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingRun;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the line of JSON at the end of standard output. */
class LastLineTest {
  private static final String SCREEN = "backfill.stdout-terminal";
  private static final Map<String, String> NOWHERE =
      Map.of("BACKFILL_URL", "jdbc:postgresql://127.0.0.1:1/none", "BACKFILL_USER", "u");

  @AfterEach
  void forget() {
    System.clearProperty(SCREEN);
  }

  private static List<String> out(String words) {
    return TestingRun.bare(NOWHERE, words.split(" ")).out();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"status", "check defectdojo-authorized-users", "chekc", "status --sett a=b"})
  void personAtATerminalDoesNot(String words) {
    System.setProperty(SCREEN, "true");

    assertThat(out(words)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"status --json", "check defectdojo-authorized-users --json", "chekc --json"})
  void personWhoAsksDoes(String words) {
    System.setProperty(SCREEN, "true");

    assertThat(out(words)).hasSize(1).first().asString().startsWith("{").endsWith("}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status --report -", "status --report /dev/null --report=-"})
  void reportOnATerminalHasItBehind(String words) {
    System.setProperty(SCREEN, "true");

    assertThat(out(words)).hasSizeGreaterThan(10).last().asString().startsWith("{\"plan\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "status --json", "chekc", "check no-such-plan"})
  void programAlwaysDoes(String words) {
    for (String screen : List.of("false", "")) {
      if (screen.isEmpty()) {
        System.clearProperty(SCREEN); // without the launcher: what is captured is no terminal
      } else {
        System.setProperty(SCREEN, screen);
      }
      assertThat(out(words)).hasSize(1).first().asString().startsWith("{");
    }
  }

  @Test
  void linesOnATerminalAreBrokenBetweenWords() {
    System.setProperty("backfill.terminal", "true");
    System.setProperty("backfill.columns", "50");
    try {
      TestingRun run = TestingRun.bare(NOWHERE, "check", "defectdojo-authorized-users");

      assertThat(run.err().stream().map(line -> line.replaceAll(".*\033\\[K", "")))
          .hasSizeGreaterThan(3)
          .allMatch(line -> line.length() <= 50)
          .anyMatch(line -> line.startsWith(" ".repeat(15)));
    } finally {
      System.clearProperty("backfill.terminal");
      System.clearProperty("backfill.columns");
    }
  }
}
