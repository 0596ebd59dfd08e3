package backfill.testing;

import backfill.cli.CommandLineJob;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * How a run of the job ended. Several may run in this JVM at the same time, on the session that all
 * tests share.
 *
 * @param report as JSON; missing where none came out
 * @param line the last line of standard output; missing likewise
 * @param said standard error, where the run was a process
 */
public record TestingJobRun(int code, JsonNode report, JsonNode line, String said) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Runs a plan in this JVM. */
  public static TestingJobRun here(
      Map<String, String> environment, String plan, String... options) {
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        CommandLineJob.run(
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            words(plan, options));
    return of(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Begins to run a plan in this JVM. */
  public static CompletableFuture<TestingJobRun> begin(
      Map<String, String> environment, String plan, String... options) {
    return CompletableFuture.supplyAsync(() -> here(environment, plan, options));
  }

  public static String[] words(String plan, String... options) {
    return Stream.concat(Stream.of("run", plan, "--report", "-"), Stream.of(options))
        .toArray(String[]::new);
  }

  /** The report is all but the last line of standard output. */
  static TestingJobRun of(int code, String out, String err) {
    List<String> lines = out.lines().toList();
    int last = Math.max(0, lines.size() - 1);
    try {
      return new TestingJobRun(
          code,
          JSON.readTree(String.join("\n", lines.subList(0, last))),
          JSON.readTree(String.join("\n", lines.subList(last, lines.size()))),
          err);
    } catch (IOException e) {
      throw new UncheckedIOException(out, e);
    }
  }

  public JsonNode step() {
    return report.path("steps").path(0);
  }

  public long inserted() {
    JsonNode inserted = step().path("inserted");
    if (!inserted.isNumber()) {
      throw new AssertionError("the report has no count: " + this);
    }
    return inserted.longValue();
  }

  public String message() {
    return report.path("error").path("message").asText();
  }

  public String runId() {
    return report.path("runId").asText();
  }
}
