package backfill.testing;

import backfill.cli.CommandLineJob;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationFactory;

/**
 * One command line run in this JVM, on the session that all tests share, with the logging that the
 * launcher gives; and everything that came of it. One at a time.
 *
 * @param report what {@code --report} wrote, or a missing node
 * @param line the last line of standard output, or a missing node where there is none
 */
public record TestingRun(
    int code, List<String> out, List<String> err, JsonNode report, JsonNode line) {
  public static final String DOJO = "defectdojo-authorized-users";

  private static final ObjectMapper JSON = new ObjectMapper();

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

  /** Counts of one step, in the order asked for; null where the report has null. */
  public List<Long> counts(String step, String... names) {
    List<Long> counts = new ArrayList<>();
    for (String name : names) {
      JsonNode count = step(step).path(name);
      counts.add(count.isNull() ? null : Long.valueOf(count.longValue()));
    }
    return counts;
  }

  /** All that went to standard error. */
  public String said() {
    return String.join("\n", err);
  }
}
