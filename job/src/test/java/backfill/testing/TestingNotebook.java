package backfill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One notebook, executed by {@code notebooks/run} in a Python that has its packages.
 *
 * @param line the last line of standard output, or a missing node
 * @param notebook with its outputs, or a missing node
 */
public record TestingNotebook(TestingOutcome ended, JsonNode line, JsonNode notebook) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path RUN = TestingCheckout.root().resolve("notebooks/run");
  private static final Duration PATIENCE = Duration.ofMinutes(6);

  /**
   * Executes it with these parameters, in a directory that also takes what comes of it.
   *
   * @param environment the database, or empty
   */
  public static TestingNotebook of(
      Path directory, Map<String, String> environment, String name, String... parameters)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(RUN.toString(), name, "--to", "."));
    command.addAll(List.of(parameters));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    prepare(builder, environment);
    return executed(TestingOutcome.of(PATIENCE, builder), directory, name);
  }

  /** Tells a process of this database, of the Python with the packages, and of the jar. */
  static void prepare(ProcessBuilder process, Map<String, String> environment) throws Exception {
    Map<String, String> all = process.environment();
    all.keySet().removeIf(variable -> variable.matches("(BACKFILL|SPARK)_.*"));
    all.putAll(environment);
    all.putAll(TestingDistribution.get().environment());
    all.put("BACKFILL_PYTHON", TestingDistribution.python().program("python").toString());
    all.put("BACKFILL_JAR", TestingSubmittedDojo.JAR);
  }

  /** What came of it in this directory. */
  static TestingNotebook executed(TestingOutcome ended, Path directory, String name)
      throws IOException {
    List<String> lines = ended.out().lines().toList();
    Path executed = directory.resolve(name + ".ipynb");
    return new TestingNotebook(
        ended,
        lines.isEmpty() ? MissingNode.getInstance() : json(lines.get(lines.size() - 1)),
        Files.exists(executed) ? json(Files.readString(executed)) : MissingNode.getInstance());
  }

  public int code() {
    return ended.code();
  }

  /** What went to standard error. */
  public String said() {
    return ended.err();
  }

  /** How many pictures its cells have drawn. */
  public int figures() {
    int figures = 0;
    for (JsonNode cell : notebook.path("cells")) {
      for (JsonNode output : cell.path("outputs")) {
        figures += output.path("data").has("image/png") ? 1 : 0;
      }
    }
    return figures;
  }

  /** All that its cells have printed. */
  public String printed() {
    StringBuilder printed = new StringBuilder();
    for (JsonNode cell : notebook.path("cells")) {
      for (JsonNode output : cell.path("outputs")) {
        output.path("text").forEach(line -> printed.append(line.asText()));
      }
    }
    return printed.toString();
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }
}
