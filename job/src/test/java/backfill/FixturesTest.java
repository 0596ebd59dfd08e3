package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands among the tests and is no test is in one folder, and is called by it. */
class FixturesTest {
  private static final String FOLDER = "testing/Testing";

  /** What stays elsewhere, by the beginning of its path, and why. */
  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "bench/", "the benchmark is a program of its own",
          "spark/pairs/InMemoryStage.java", "a program of the benchmark that runs closed stages",
          "plan/TestingPlans.java", "reads plans by what only their room sees",
          "postgres/catalog/TestingTables.java", "looks tables up by what only their room sees",
          "postgres/server/TestingHostileSettings.java", "asks for settings that are its room's",
          "postgres/server/TestingPreflight.java", "makes databases as only their room does",
          "postgres/write/TestingWriter.java", "makes targets as only their room does");

  private static final Pattern TEST =
      Pattern.compile(
          "^ *@(Test|ParameterizedTest|RepeatedTest|TestFactory)\\b", Pattern.MULTILINE);

  @Test
  void whatIsNoTestIsInTheFolderAndCalledByIt() {
    Path sources = TestingCheckout.root().resolve("job/src/test/java/backfill");
    List<String> astray = new ArrayList<>();
    int fixtures = 0;
    for (Path file : TestingCheckout.files()) {
      if (file.startsWith(sources) && file.toString().endsWith(".java")) {
        String path = sources.relativize(file).toString();
        String text = String.join("\n", TestingCheckout.lines(file));
        fixtures += path.startsWith(FOLDER) ? 1 : 0;
        if (isAstray(path, text)) {
          astray.add(path);
        }
      }
    }

    assertThat(astray).isEmpty();
    assertThat(fixtures).isGreaterThan(40);
  }

  @ParameterizedTest
  @CsvSource({
    "RowsTest.java, '  @Test', false",
    "plan/RowsIT.java, '  @ParameterizedTest', false",
    "testing/TestingRows.java, '', false",
    "bench/Rows.java, '', false",
    "Rows.java, '', true",
    "TestingRows.java, '', true",
    "testing/Rows.java, '', true",
    "testing/TestingRows.java, '  @Test', true",
    "plan/TestingRows.java, '  // @Test', true",
  })
  void whatIsAstrayIsFound(String path, String text, boolean astray) {
    assertThat(isAstray(path, text)).isEqualTo(astray);
  }

  @Test
  void whatIsListedIsThere() {
    Path sources = TestingCheckout.root().resolve("job/src/test/java/backfill");
    assertThat(ELSEWHERE.keySet())
        .allSatisfy(path -> assertThat(sources.resolve(path)).exists())
        .allSatisfy(path -> assertThat(path).doesNotStartWith(FOLDER));
  }

  private static boolean isAstray(String path, String text) {
    if (TEST.matcher(text).find()) {
      return path.startsWith(FOLDER);
    }
    return !path.startsWith(FOLDER) && ELSEWHERE.keySet().stream().noneMatch(path::startsWith);
  }
}
