package backfill.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A run of the job in a process of its own, which can be frozen and killed. */
public final class TestingProcess implements AutoCloseable {
  private final Process process;
  private final Path out;
  private final Path err;

  private TestingProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts a local run with this {@code spark.master}, on the class path of the tests. */
  public static TestingProcess local(
      String master, Map<String, String> environment, String plan, String... options)
      throws IOException {
    List<String> command = TestingJvm.words("-Dspark.master=" + master);
    command.add("backfill.Main");
    command.addAll(List.of(TestingRun.words(plan, options)));
    return start(command, environment);
  }

  public static TestingProcess start(List<String> command, Map<String, String> environment)
      throws IOException {
    Path out = Files.createTempFile("backfill-job", ".out");
    Path err = Files.createTempFile("backfill-job", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(new File(System.getProperty("java.io.tmpdir")))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().putAll(environment);
    return new TestingProcess(builder.start(), out, err);
  }

  /** Sends it a signal, as in {@code STOP}. */
  public void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits until a query answers true, as long as the process runs. */
  public void await(TestingGrants there, String what, String condition) throws Exception {
    while (!there.holds(condition)) {
      if (!process.isAlive()) {
        throw new AssertionError("it ended before " + what + ": " + said());
      }
      Thread.sleep(20);
    }
  }

  /** The processes that it has started, and theirs. */
  Stream<ProcessHandle> children() {
    return process.descendants();
  }

  /** Ends it at once, with nothing said to anybody. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** The last thing that it said on standard error, empty before the first. */
  public String lastLine() throws IOException {
    List<String> lines = Files.readAllLines(err);
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }

  /** What it said on standard error so far. */
  public String said() throws IOException {
    return Files.readString(err);
  }

  public TestingRun end() throws Exception {
    if (!process.waitFor(6, TimeUnit.MINUTES)) {
      throw new AssertionError("the run does not end: " + said());
    }
    return TestingRun.ended(process.exitValue(), Files.readString(out), said());
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.delete(out);
    Files.delete(err);
  }
}
