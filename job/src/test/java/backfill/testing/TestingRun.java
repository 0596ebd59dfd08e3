package backfill.testing;

import backfill.cli.CommandLineJob;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationFactory;

/**
 * How one command of the job ended, and everything that came of it: run in this JVM on the session
 * that all tests share, or by a {@link TestingProcess}. With the logging that the launcher gives it
 * is run one at a time.
 *
 * @param report what {@code --report} wrote, or a missing node
 * @param line the last line of standard output, or a missing node where there is none
 */
public record TestingRun(
    int code, List<String> out, List<String> err, JsonNode report, JsonNode line) {
  public static final String DOJO = "defectdojo-authorized-users";

  /** Of a run that was killed: nothing is known of its end. */
  static final TestingRun NONE =
      new TestingRun(
          137, List.of(), List.of(), MissingNode.getInstance(), MissingNode.getInstance());

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STAMP = Pattern.compile("^\\d\\d:\\d\\d:\\d\\d [A-Z]+ +");

  /** Runs a command that takes a plan, with a report beside those of the arguments. */
  public static TestingRun of(Map<String, String> environment, String... arguments) {
    try {
      Path report = Files.createTempFile("report", ".json");
      Files.delete(report);
      List<String> words = new ArrayList<>(List.of(arguments));
      words.addAll(List.of("--report", report.toString()));
      TestingRun run = bare(environment, words.toArray(String[]::new));
      JsonNode read =
          Files.exists(report)
              ? JSON.readTree(Files.readString(report))
              : MissingNode.getInstance();
      Files.deleteIfExists(report);
      return new TestingRun(run.code, run.out, run.err, read, run.line);
    } catch (IOException e) {
      throw new AssertionError("the report is no JSON", e);
    }
  }

  /** Runs a command with a plan and these options, with a report beside those. */
  public static TestingRun of(
      Map<String, String> environment, String command, Path plan, String... options) {
    return of(
        environment,
        Stream.concat(Stream.of(command, plan.toString()), Stream.of(options))
            .toArray(String[]::new));
  }

  /** Runs exactly these words. */
  public static TestingRun bare(Map<String, String> environment, String... arguments) {
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream before = System.err;
    PrintStream captured = new PrintStream(err, true, StandardCharsets.UTF_8);
    System.setErr(captured);
    LoggerContext logging = (LoggerContext) LogManager.getContext(false);
    int code;
    try {
      asTheLauncher(logging);
      code =
          CommandLineJob.run(
              environment, new PrintStream(out, true, StandardCharsets.UTF_8), captured, arguments);
    } finally {
      logging.reconfigure();
      System.setErr(before);
    }
    List<String> said = out.toString(StandardCharsets.UTF_8).lines().toList();
    return new TestingRun(
        code,
        said,
        err.toString(StandardCharsets.UTF_8).lines().toList(),
        MissingNode.getInstance(),
        said.isEmpty() ? MissingNode.getInstance() : parsed(said.get(said.size() - 1)));
  }

  /** {@code follow}: the appender otherwise keeps the stream that it found first. */
  private static void asTheLauncher(LoggerContext logging) {
    String text =
        String.join(
                "\n",
                TestingCheckout.lines(TestingCheckout.root().resolve("conf/log4j2.properties")))
            + "\nappender.console.follow = true\n";
    try {
      logging.reconfigure(
          new PropertiesConfigurationFactory()
              .getConfiguration(
                  logging,
                  new ConfigurationSource(
                      new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Runs a plan in this JVM with the report on standard output; several may run at the same time,
   * and what they log goes to the log of the tests.
   */
  public static TestingRun here(Map<String, String> environment, String plan, String... options) {
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        CommandLineJob.run(
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            words(plan, options));
    return ended(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Begins to run a plan {@link #here}. */
  public static CompletableFuture<TestingRun> begin(
      Map<String, String> environment, String plan, String... options) {
    return CompletableFuture.supplyAsync(() -> here(environment, plan, options));
  }

  /** The words that run a plan with the report on standard output. */
  public static String[] words(String plan, String... options) {
    return Stream.concat(Stream.of("run", plan, "--report", "-"), Stream.of(options))
        .toArray(String[]::new);
  }

  /** The report is all but the last line of standard output; missing where nothing came out. */
  static TestingRun ended(int code, String out, String err) {
    List<String> lines = out.lines().toList();
    int last = Math.max(0, lines.size() - 1);
    try {
      return new TestingRun(
          code,
          lines,
          err.lines().toList(),
          JSON.readTree(String.join("\n", lines.subList(0, last))),
          JSON.readTree(String.join("\n", lines.subList(last, lines.size()))));
    } catch (IOException e) {
      throw new UncheckedIOException(out, e);
    }
  }

  private static JsonNode parsed(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }

  /** What the report says of one step. */
  public JsonNode step(String name) {
    for (JsonNode step : report.path("steps")) {
      if (step.path("name").asText().equals(name)) {
        return step;
      }
    }
    return MissingNode.getInstance();
  }

  /** What the report says of the first step. */
  public JsonNode step() {
    return report.path("steps").path(0);
  }

  /** How many rows the first step inserted. */
  public long inserted() {
    JsonNode inserted = step().path("inserted");
    if (!inserted.isNumber()) {
      throw new AssertionError("the report has no count: " + this);
    }
    return inserted.longValue();
  }

  /** The state that the report names. */
  public String status() {
    return report.path("status").asText();
  }

  /** What the report warns of. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    report.path("warnings").forEach(warning -> warnings.add(warning.asText()));
    return warnings;
  }

  /** The error that the report names. */
  public String message() {
    return report.path("error").path("message").asText();
  }

  public String runId() {
    return report.path("runId").asText();
  }

  /** Counts of one step, in the order asked for; null where the report has null. */
  public List<Long> counts(String step, String... names) {
    List<Long> counts = new ArrayList<>();
    for (String name : names) {
      JsonNode count = step(step).path(name);
      counts.add(count.isNull() ? null : Long.valueOf(count.longValue()));
    }
    return counts;
  }

  /** Standard output without its last line, which is JSON. */
  public List<String> printed() {
    return out.subList(0, out.size() - 1);
  }

  /** What went to standard error, without times and levels. */
  public List<String> logged() {
    return err.stream().map(said -> STAMP.matcher(said).replaceFirst("")).toList();
  }

  /** How it ended, in short. */
  public String end() {
    return "exit "
        + code
        + ", "
        + report.path("error")
        + ", "
        + report.path("warnings")
        + String.join("\n", err.subList(Math.max(0, err.size() - 30), err.size()));
  }

  /** All that went to standard error. */
  public String said() {
    return String.join("\n", err);
  }
}
