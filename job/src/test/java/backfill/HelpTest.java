package backfill;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code backfill help} explains is what a plan may say. */
class HelpTest {
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
        "settings",
        "read",
        "flatten",
        "write",
        "verify",
        "ledger",
        "limits",
        "types"
      })
  void everyTopicHasAText(String topic) {
    Said help = run("help", topic);
    assertThat(help.exitCode()).isZero();
    assertThat(help.out()).hasSizeGreaterThan(100).doesNotContain("----");
  }

  /** The indented lines of a topic are an example; a topic that shows none has no such line. */
  private static String example(String topic) {
    Matcher lines =
        Pattern.compile(
                "(?m)^ {2}(?=name = |(?:sources|params|databases|views)[^,]*[={]|\\{ name)(?:.|\n)*")
            .matcher(HelpTopics.ofTheJob().text(topic).orElseThrow());
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
    assertThat(new StepReport(plan.steps().get(0)).kind).isEqualTo(kind);
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
  }

  @Test
  void withoutATopicAllAreListed() {
    assertThat(run("help").out())
        .contains("plan, params", "batches, ddl", "status", "coder, defectdojo, gitlab");
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
