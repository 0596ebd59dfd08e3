package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.demo.DemoData;
import backfill.demo.Scale;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example of each command's help, run as it stands there on the demo's data. */
class HelpExamplesTest {
  private static final String INDENTED = "  backfill ";

  private static TestingDatabase database;
  private static String rerun;
  private static Path report;

  @BeforeAll
  static void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    try (var connection = database.connection()) {
      DemoData.fill(connection, Scale.TINY);
    }
    // What status shows is there once somebody has run something.
    assertThat(run("run", TestingRun.DOJO, "--only", "user-flags").code()).isZero();
    // Of a rerun there is nothing to undo, so that the other examples find what it found.
    report = Files.createTempFile("report", ".json");
    rerun =
        run("run", TestingRun.DOJO, "--only", "user-flags", "--report", report.toString())
            .line()
            .path("runId")
            .asText();
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
  void exampleOfTheHelpWorks(String command) throws Exception {
    String words = example((command + " --help").strip().split(" "));
    assertThat(words).startsWith(command);

    boolean asksARun = Set.of("pause", "unpause", "pace").contains(command);
    if (asksARun) {
      beginOne();
    }
    TestingRun run = run(found(words).split(" "));
    if (asksARun) {
      endIt();
    }

    assertThat(run.code()).as("%s: %s", words, run.said()).isZero();
    assertThat(run.out()).isNotEmpty();
  }

  /** One that the ledger takes for running. */
  private static void beginOne() throws Exception {
    database.execute(
        "INSERT INTO backfill.run (run_id, plan, plan_hash, now, labels, status, host) VALUES"
            + " ('00000000-0000-0000-0000-000000000001', '"
            + TestingRun.DOJO
            + "', '', now(), '{}', 'running', '')",
        "INSERT INTO backfill.lease VALUES ('test', '00000000-0000-0000-0000-000000000001', 1, '', now(), now() + '1 h')");
  }

  private static void endIt() throws Exception {
    database.execute(
        "DELETE FROM backfill.run WHERE host = ''", "DELETE FROM backfill.lease WHERE host = ''");
  }

  /** The same words with files, and a run, that are there, of those that name some. */
  private static String found(String words) throws Exception {
    Path file = Files.createTempFile("diff", ".jsonl");
    file.toFile().deleteOnExit();
    return words
        .replaceAll("\\w+[.]jsonl[.]gz", file.toString())
        .replaceAll("run[.]json", report.toString())
        .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", rerun);
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
