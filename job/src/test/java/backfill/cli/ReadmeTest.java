package backfill.cli;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.report.ExitCode;
import backfill.report.Stage;
import backfill.testing.TestingCheckout;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the README's tables and names against the code. */
class ReadmeTest {
  private static final Pattern FIRST_CELL = Pattern.compile("(?m)^\\| ([`\\w ,\\[\\]]+?) \\|");

  private static String readme() throws IOException {
    return Files.readString(TestingCheckout.root().resolve("README.md"));
  }

  private static List<String> firstCells(String heading) throws IOException {
    String text = readme();
    String section = text.substring(text.indexOf("\n## " + heading));
    section = section.substring(0, section.indexOf("\n## ", 1));
    return FIRST_CELL
        .matcher(section)
        .results()
        .map(found -> found.group(1).replace("`", ""))
        .toList();
  }

  @Test
  void exitCodesAreThoseOfTheCode() throws IOException {
    assertThat(firstCells("Exit codes").stream().flatMap(cell -> Stream.of(cell.split(", "))))
        .containsExactlyElementsOf(
            withHead(
                "code", Arrays.stream(ExitCode.values()).map(code -> "" + code.number()).toList()));
  }

  @Test
  void stagesAreThoseOfTheCode() throws IOException {
    assertThat(firstCells("How it works"))
        .containsExactlyElementsOf(
            withHead("stage", Arrays.stream(Stage.values()).map(Stage::toString).toList()));
  }

  @Test
  void commandsAreThoseOfTheCommandLine() throws IOException {
    List<String> documented =
        firstCells("Your own database").stream()
            .flatMap(cell -> Stream.of(cell.split(", ")))
            .map(cell -> cell.replaceAll(" .?[A-Z]+.?( [A-Z]+)?$", ""))
            .filter(cell -> !cell.equals("command"))
            .toList();
    assertThat(new TreeSet<>(documented)).isEqualTo(new TreeSet<>(CommandLineJob.commands()));
  }

  @Test
  void everySettingThatItNamesExists() throws IOException {
    Config defaults = ConfigFactory.parseResources("reference.conf").getConfig("backfill");
    Pattern setting = Pattern.compile("`((?:read|write|flatten|verify|limits)\\.[a-z-]+)`");
    List<String> named =
        setting.matcher(readme()).results().map((MatchResult found) -> found.group(1)).toList();
    assertThat(named).isNotEmpty().allSatisfy(key -> assertThat(defaults.hasPath(key)).isTrue());
  }

  @Test
  void everyCommandsHelpHasAnExample() {
    for (String command : CommandLineJob.commands()) {
      Captured help = Captured.of(command, "--help");
      assertThat(help.out).as(command).contains("Example:").contains("backfill " + command);
    }
  }

  @Test
  void everyCommandSaysItsVersionAsTheFirstOneDoes() {
    String version = Captured.of("--version").out;
    assertThat(version).startsWith("backfill ");
    for (String command : CommandLineJob.commands()) {
      assertThat(Captured.of(command, "--version").out).as(command).isEqualTo(version);
    }
  }

  /**
   * Without the views, which leave out mappings whose role is gone, and the step that makes its
   * table.
   */
  @Test
  void planThatItShowsIsTheShippedOne() throws IOException {
    String text = readme();
    String block = text.substring(text.indexOf("```hocon\n") + "```hocon\n".length());
    Plan shown =
        PlanFile.read("README.md", block.substring(0, block.indexOf("```")), List.of(), "1");
    Plan shipped =
        PlanFile.read("conf", PlanFile.shippedText(shown.name()).orElseThrow(), List.of(), "1");
    Step.Pairs step = (Step.Pairs) shown.steps().get(0);
    Step.Pairs whole = (Step.Pairs) shipped.steps().get(1);
    assertThat(step.name()).isEqualTo(whole.name());
    assertThat(step.members()).isEqualTo(whole.members());
    assertThat(step.nested()).isEqualTo(whole.nested());
    assertThat(step.objects()).isEqualTo(whole.objects());
    assertThat(step.into()).isEqualTo(whole.into());
    assertThat(shipped.sources()).containsAllEntriesOf(shown.sources());
  }

  private static List<String> withHead(String head, List<String> cells) {
    List<String> all = new java.util.ArrayList<>(List.of(head));
    all.addAll(cells);
    return all;
  }

  /** Standard output of one command line that needs no database. */
  private record Captured(String out) {
    static Captured of(String... arguments) {
      var bytes = new java.io.ByteArrayOutputStream();
      int code =
          CommandLineJob.run(
              java.util.Map.of(),
              new PrintStream(bytes, true),
              new PrintStream(OutputStream.nullOutputStream()),
              arguments);
      assertThat(code).isZero();
      return new Captured(bytes.toString());
    }
  }
}
