package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Progress;
import backfill.report.Stage;
import backfill.spark.engine.Activity;
import backfill.testing.TestingLog;
import backfill.testing.TestingSpark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bar on a terminal: never wider than it, and never anywhere else. */
class BarTest {
  private static final String COLUMNS = "backfill.columns";
  private static final String TERMINAL = "backfill.terminal";

  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(screen, true, StandardCharsets.UTF_8);

  @AfterEach
  void forget() {
    System.clearProperty(COLUMNS);
    System.clearProperty(TERMINAL);
  }

  /** What stands on the line between two returns to its begin. */
  private List<String> drawn() throws Exception {
    try (Progress progress = new Progress(Duration.ofMillis(500), err, false);
        TestingLog log = new TestingLog(Level.INFO)) {
      progress.count(Activity.of(TestingSpark.session()));
      progress.doing(Stage.WRITE, "people", 123_456_789);
      long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (log.texts().isEmpty() && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(log.texts())
          // Broken between words where the terminal is narrow.
          .map(line -> line.replaceAll("\\s+", " "))
          .anyMatch(line -> line.startsWith("write people: 0 of 123,456,789 rows, "));
    }
    return Arrays.stream(screen.toString(StandardCharsets.UTF_8).split("\r"))
        .map(line -> line.replace("\033[K", ""))
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 40, 64, 80, 200})
  void barFitsTheTerminal(int columns) throws Exception {
    System.setProperty(TERMINAL, "true");
    System.setProperty(COLUMNS, Integer.toString(columns));

    assertThat(drawn()).allMatch(line -> line.length() < columns);
  }

  @Test
  void wideTerminalShowsBarAndRate() throws Exception {
    System.setProperty(TERMINAL, "true");
    System.setProperty(COLUMNS, "120");

    assertThat(drawn())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("[" + " ".repeat(24) + "] 0 of 123,456,789 rows, "));
  }

  @Test
  void withoutATerminalNothingIsDrawn() throws Exception {
    assertThat(drawn()).isEmpty();
    assertThat(screen.size()).isZero();
  }
}
