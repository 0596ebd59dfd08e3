package backfill.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.StepReportBuilder;
import backfill.testing.TestingCheckout;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code backfill help} explains is what a plan may say. */
class HelpTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String AROUND =
      """
      name = around
      allow-delete = true
      databases.ci.env = BACKFILL_CI
      """;
  private static final String SOURCES =
      """
      sources { grants = g, members = m }
      """;

  /** What a command printed. */
  private record Said(int exitCode, String out, String err) {}

  private static Said run(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        CommandLineJob.run(Map.of(), new PrintStream(out, true), new PrintStream(err, true), words);
    return new Said(exitCode, out.toString(UTF_8), err.toString(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plan",
        "params",
        "databases",
        "sessions",
        "sources",
        "views",
        "pairs",
        "rows",
        "batches",
        "ddl",
        "sink",
        "source",
        "settings",
        "read",
        "flatten",
        "write",
        "verify",
        "ledger",
        "metrics",
        "limits",
        "types",
        "cookbook",
        "explain",
        "report",
        "exit-codes",
        "environment",
        "lineage",
        "troubleshooting"
      })
  void everyTopicHasAText(String topic) {
    Said help = run("help", topic);
    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).hasSizeGreaterThan(100).doesNotContain("----");
  }

  static Set<String> topics() {
    return HelpTopics.ofTheJob().names();
  }

  /** An example stays as one would write it. */
  @ParameterizedTest
  @MethodSource("topics")
  void everyTopicIsLaidOutAsText(String topic) {
    List<String> source =
        HelpTopics.ofTheJob()
            .source(topic)
            .orElseThrow()
            .lines()
            .map(line -> line.replaceFirst("^ *# ?", ""))
            .toList();
    for (int width : List.of(60, 80, 120)) {
      assertThat(HelpTopics.ofTheJob().text(topic, width).lines())
          .noneMatch(line -> line.startsWith("#") || line.equals("}"))
          .filteredOn(line -> !source.contains(line))
          .as("width %d", width)
          .allMatch(line -> line.length() <= width || !line.strip().contains(" "));
    }
  }

  /** Nothing of what is written down gets lost when it is laid out. */
  @ParameterizedTest
  @MethodSource("topics")
  void everyWordOfATopicIsPrinted(String topic) {
    String source = HelpTopics.ofTheJob().source(topic).orElseThrow();
    List<String> said = words(HelpTopics.ofTheJob().text(topic, 80));
    assertThat(said).containsAll(words(source.replaceAll("(?m)^ *(?:[\\w-]+ \\{|}|#)", "")));
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("[^\\w]+"));
  }

  @Test
  void settingsStandWithTheirFullNamesAndWhatTheyDo() {
    assertThat(run("help", "write").out())
        .startsWith(
            "Connections that write at the same time. write.writers = 4 is short for\nwrite.writers.max = 4.")
        .contains("write.writers.max = 2\n    How many there are at most,")
        .contains(
            "\nwrite.protocol = auto\n    How rows that are added travel: auto, copy or unnest. copy:");
    assertThat(run("help", "settings").out())
        .startsWith("The settings and their defaults: how a plan is carried out")
        .contains("\nlock-timeout = 5 s\n    How long a statement of ours waits");
    assertThat(run("help", "ledger").out())
        .startsWith("The ledger: three tables")
        .contains("\nledger.schema = backfill\n    The schema;");
  }

  @Test
  void listKeepsItsWordsOnTheLeftAndItsLinesApart() {
    assertThat(HelpTopics.ofTheJob().text("rows", 60))
        .contains(
            """
              mode         insert-missing: rows that the target lacks
                           are added, the others stay
                           upsert: and rows that differ are set, if they
                           still hold what was read
                           update: rows that differ are set, none is
                           added
            """);
  }

  @Test
  void everyExitCodeIsExplained() {
    String text = HelpTopics.ofTheJob().source("exit-codes").orElseThrow();
    List<Integer> explained =
        Pattern.compile("(?m)^ {2}(\\d+) ")
            .matcher(text)
            .results()
            .map(code -> Integer.valueOf(code.group(1)))
            .toList();
    assertThat(explained)
        .containsExactlyElementsOf(Arrays.stream(ExitCode.values()).map(ExitCode::number).toList());
  }

  @Test
  void everyKeyOfTheReportIsExplained() throws Exception {
    ReportBuilder run = Answer.begun("status");
    Plan plan = PlanFile.read("dojo", page("defectdojo-authorized-users"), List.of(), "1");
    run.loaded(plan, plan.steps());
    run.listed(List.of());
    JsonNode report = JSON.readTree(run.now().json());
    List<String> keys = new ArrayList<>();
    report.fieldNames().forEachRemaining(keys::add);
    report.path("steps").path(0).fieldNames().forEachRemaining(keys::add);
    for (Class<?> part :
        List.of(Report.Failure.class, Report.DatabaseReport.class, Report.SnapshotReport.class)) {
      for (RecordComponent key : part.getRecordComponents()) {
        keys.add(key.getName());
      }
    }

    assertThat(words(HelpTopics.ofTheJob().source("report").orElseThrow()))
        .containsAll(keys)
        .contains("reportVersion", "runs", "toSet", "retryable", "heldMs");
  }

  /** Those that the code asks for, and no others. */
  @Test
  void everyVariableIsExplained() {
    Pattern variable = Pattern.compile("\\b(?:BACKFILL|SPARK|JAVA|MAVEN)_[A-Z_]+");
    Set<String> used = new TreeSet<>();
    for (Path file : TestingCheckout.files()) {
      String path = TestingCheckout.root().relativize(file).toString();
      if (path.startsWith("job/src/main/java")
          || path.equals("job/bin/backfill")
          || path.equals("notebooks/run")
          || path.startsWith("conf/airflow")) {
        TestingCheckout.lines(file)
            .forEach(line -> variable.matcher(line).results().forEach(v -> used.add(v.group())));
      }
    }
    used.removeIf(name -> name.endsWith("_") || name.startsWith("BACKFILL_CI"));
    // The launcher's to set, and names of Spark's and of a JDK's own file that are no variables.
    used.removeAll(Set.of("SPARK_SCALA_VERSION", "SPARK_SESSION_EXTENSIONS", "JAVA_VERSION"));
    used.addAll(
        List.of(
            "BACKFILL_USER", "BACKFILL_PASSWORD", "BACKFILL_PASSWORD_FILE", "BACKFILL_READ_URL"));
    Set<String> explained = new TreeSet<>();
    variable
        .matcher(HelpTopics.ofTheJob().source("environment").orElseThrow())
        .results()
        .forEach(v -> explained.add(v.group()));
    explained.remove("BACKFILL_CI");
    assertThat(explained).isEqualTo(used);
  }

  /** The indented lines of a topic are an example; a topic that shows none has no such line. */
  private static String example(String topic) {
    Matcher lines =
        Pattern.compile(
                "(?m)^ {2}(?=name = |(?:sources|params|databases|views|never)[^,]*[={]|\\{ name)(?:.|\n)*")
            .matcher(HelpTopics.ofTheJob().source(topic).orElseThrow());
    assertThat(lines.find()).as("an example in topic " + topic).isTrue();
    return lines.group();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pairs", "rows", "batches", "ddl"})
  void theExampleOfAKindIsAStepOfIt(String kind) {
    Plan plan =
        PlanFile.read(
            "example.conf", AROUND + SOURCES + "steps = [" + example(kind) + "]", List.of(), "1");
    assertThat(plan.steps()).hasSize(1);
    assertThat(new StepReportBuilder(plan.steps().get(0)).now().kind()).isEqualTo(kind);
  }

  @Test
  void theOtherExamplesMakeAPlan() {
    Plan plan =
        PlanFile.read(
            "example.conf",
            AROUND.replaceAll("databases.*", example("databases"))
                + example("sources")
                + "\n"
                + example("params")
                + "\n"
                + example("views")
                + "\nsteps = ["
                + example("rows")
                + "]",
            List.of(),
            "1");
    assertThat(plan.sources()).containsOnlyKeys("grants", "members", "runs");
    assertThat(PlanFile.read("example.conf", example("plan"), List.of(), "1").steps()).hasSize(1);
    String checked =
        example("plan")
            .replace("name = pairs", "name = visible")
            .replaceFirst("(?s)\\]\\s*$", Matcher.quoteReplacement(example("rows") + "]"));
    assertThat(
            PlanFile.read("example.conf", checked + "\n" + example("never"), List.of(), "1")
                .never())
        .flatExtracting(Never::relations)
        .extracting(Never.Relation::name)
        .containsExactly("added_visible", "set_seats");
  }

  @Test
  void withoutATopicAllAreListed() {
    assertThat(run("help").out())
        .contains(
            "plan, params", "batches, ddl", "status", "coder, defectdojo, gitea, gitlab, keycloak");
    assertThat(run("help", "status").out()).contains("Shows the ledger");
  }

  @Test
  void everyShippedPlanHasAPageForThoseWhoRunItBesideItsApplication() {
    for (String plan : PlanFile.shipped()) {
      String page = run("help", plan).out();
      assertThat(page)
          .startsWith(plan + "\n\n" + PlanFile.description(page(plan)).substring(0, 20))
          .contains("- Versions: ", "- When", "- Replaces: ", "- Months later: ")
          .doesNotContain("#", "steps = [");
      assertThat(page.lines()).allMatch(line -> line.length() <= 80);
      String application = plan.replaceFirst("-.*", "");
      assertThat(run("help", application).out()).as(application).contains(page.strip());
    }
  }

  /** Steps and parameters that a page names are the plan's. */
  @Test
  void whatAPageTellsToTypeIsInItsPlan() {
    for (String name : PlanFile.shipped()) {
      Plan plan = PlanFile.read(name, page(name), List.of(), "1");
      List<String> steps = plan.steps().stream().map(Step::name).toList();
      matches("--until ([\\w-]+)", PlanFile.page(page(name)))
          .forEach(step -> assertThat(steps).as(name).contains(step));
      matches("params\\.(\\w+)", PlanFile.page(page(name)))
          .forEach(param -> assertThat(plan.params()).as(name).containsKey(param));
      PlanFile.read(
          name, page(name), matches("--set (\\S+=[\\w-]+)", PlanFile.page(page(name))), "1");
    }
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(match -> match.group(1)).toList();
  }

  private static String page(String plan) {
    return PlanFile.shippedText(plan).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"rowz", "backfill", "gitlab-seats"})
  void anUnknownTopicIsAMistake(String topic) {
    Said help = run("help", topic);
    assertThat(help.exitCode()).isEqualTo(2);
    assertThat(help.err()).startsWith("help has no topic " + topic + "; it has plan, params");
  }
}
