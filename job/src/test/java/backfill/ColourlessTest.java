package backfill;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.testing.TestingCheckout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The job has no colours, so that NO_COLOR, a file and CI need no rule of their own: the one thing
 * it tells a terminal is to erase the rest of a line.
 */
class ColourlessTest {
  private static final Pattern ESCAPE =
      Pattern.compile("(?:\\\\033|\\\\u001[bB]|\\\\e|\\\\x1b)(..)");

  /** The parser's switch for somebody who wants colours. */
  private static final String WANTED = "picocli.ansi";

  @AfterEach
  void forget() {
    System.clearProperty(WANTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--help", "run --help", "--version", "rnu", "run --nope", "help rows", ""})
  void parserPrintsNoneThoughItIsToldTo(String words) {
    System.setProperty(WANTED, "true");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(bytes, true, UTF_8);

    CommandLineJob.run(
        Map.of(),
        both,
        both,
        Stream.of(words.split(" ")).filter(w -> !w.isEmpty()).toArray(String[]::new));

    assertThat(bytes.toString(UTF_8)).isNotEmpty().doesNotContain("\033");
  }

  @Test
  void sourcesEraseALineAndNothingElse() throws IOException {
    assertThat(escapes("job/src/main/java")).isNotEmpty().containsOnly("[K");
    assertThat(escapes("job/bin")).isEmpty();
  }

  @Test
  void logHasNone() {
    assertThat(
            String.join(
                "\n",
                TestingCheckout.lines(TestingCheckout.root().resolve("conf/log4j2.properties"))))
        .contains("layout.pattern")
        .doesNotContain("highlight", "%style", "forceAnsi");
  }

  private static List<String> escapes(String directory) throws IOException {
    try (Stream<Path> files = Files.walk(TestingCheckout.root().resolve(directory))) {
      return files
          .filter(Files::isRegularFile)
          .flatMap(file -> TestingCheckout.lines(file).stream())
          .flatMap(line -> ESCAPE.matcher(line).results())
          .map(found -> found.group(1))
          .toList();
    }
  }
}
