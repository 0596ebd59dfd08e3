package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.demo.DemoData;
import backfill.demo.Scale;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example of each command's help, run as it stands there on the demo's data. */
class HelpExamplesTest {
  private static final String INDENTED = "  backfill ";

  private static TestingDatabase database;

  @BeforeAll
  static void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    try (var connection = database.connection()) {
      DemoData.fill(connection, Scale.TINY);
    }
    // What status shows is there once somebody has run something.
    assertThat(run("run", TestingRun.DOJO, "--only", "user-flags").code()).isZero();
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  private static TestingRun run(String... words) {
    return TestingRun.bare(database.environment(), words);
  }

  static Stream<String> commands() {
    return Stream.concat(Stream.of(""), CommandLineJob.commands().stream());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void exampleOfTheHelpWorks(String command) throws IOException {
    String words = example((command + " --help").strip().split(" "));
    assertThat(words).startsWith(command);

    TestingRun run = run(found(words).split(" "));

    assertThat(run.code()).as("%s: %s", words, run.said()).isZero();
    assertThat(run.out()).isNotEmpty();
  }

  /** The same words with files that are there, of those that name diffs. */
  private static String found(String words) throws IOException {
    Path file = Files.createTempFile("diff", ".jsonl");
    file.toFile().deleteOnExit();
    return words.replaceAll("\\w+[.]jsonl[.]gz", file.toString());
  }

  /** The one line below {@code Example:}, without the job's own name. */
  private static String example(String... help) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(CommandLineJob.run(Map.of(), both, both, help)).isZero();
    List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
    int heading = lines.indexOf("Example:");
    assertThat(heading).as("%s", lines).isEqualTo(lines.size() - 2);
    assertThat(lines.get(heading + 1)).startsWith(INDENTED);
    return lines.get(heading + 1).substring(INDENTED.length());
  }
}
