package backfill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A Jupyter kernel in which one notebook is executed after the other, in a process that stays:
 * Python, its packages and Spark's JVM start once. What a notebook says there is what {@code
 * notebooks/run} says of it.
 */
public final class TestingKernel implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_MINUTES = 6;

  private final Process process;
  private final BufferedReader answers;
  private final Writer questions;

  private TestingKernel(Process process) {
    this.process = process;
    answers = process.inputReader();
    questions = process.outputWriter();
  }

  public static TestingKernel start() throws Exception {
    Path root = TestingCheckout.root();
    ProcessBuilder builder =
        new ProcessBuilder(
            TestingDistribution.python().program("python").toString(),
            root.resolve("job/src/test/python/notebook_kernel.py").toString());
    TestingNotebook.prepare(builder, Map.of());
    builder.environment().put("PYTHONPATH", root.resolve("notebooks").toString());
    builder.redirectError(root.resolve("job/target/notebook-kernel.log").toFile());
    return new TestingKernel(builder.start());
  }

  /** Executes it as {@link TestingNotebook#of} does. */
  public TestingNotebook execute(
      Path directory, Map<String, String> environment, String name, String... parameters)
      throws Exception {
    Map<String, Object> question =
        Map.of(
            "directory",
            directory.toString(),
            "environment",
            environment,
            "name",
            name,
            "parameters",
            List.of(parameters));
    questions.write(JSON.writeValueAsString(question) + "\n");
    questions.flush();
    JsonNode answer = JSON.readTree(answer());
    TestingOutcome ended =
        new TestingOutcome(
            answer.path("code").intValue(),
            answer.path("out").textValue(),
            answer.path("err").textValue());
    return TestingNotebook.executed(ended, directory, name);
  }

  private String answer() throws Exception {
    String line = CompletableFuture.supplyAsync(this::line).get(PATIENCE_MINUTES, TimeUnit.MINUTES);
    if (line == null) {
      throw new AssertionError("the kernel's process ended: see job/target/notebook-kernel.log");
    }
    return line;
  }

  private String line() {
    try {
      return answers.readLine();
    } catch (IOException e) {
      return null;
    }
  }

  /** It ends where nothing more can be asked; its kernel and Spark's JVM end with it. */
  @Override
  public void close() throws IOException {
    questions.close();
    process.onExit().completeOnTimeout(process, 1, TimeUnit.MINUTES).join();
    if (process.isAlive()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().onExit().join();
    }
  }
}
