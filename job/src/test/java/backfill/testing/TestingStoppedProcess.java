package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The job in a JVM of its own, as the launcher starts it, to be sent signals. */
public final class TestingStoppedProcess implements AutoCloseable {
  private final TestingStoppedTables tables;
  private final Process process;
  private final Path out;
  private final Path err;

  private TestingStoppedProcess(TestingStoppedTables tables, Process process, Path out, Path err) {
    this.tables = tables;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * @param lastSeen how long after the signal the server still had a session of it
   */
  public record Ended(int code, Duration lastSeen, String lastLine, String log) {}

  public static TestingStoppedProcess begin(TestingStoppedTables tables, Path directory)
      throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    List<String> command = new ArrayList<>(signalsAsAtATerminal());
    command.addAll(TestingJvm.words("-Dspark.master=local[2]"));
    command.add("backfill.Main");
    command.addAll(List.of(tables.command()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(tables.database.environment());
    return new TestingStoppedProcess(tables, builder.start(), out, err);
  }

  /** What is started in the background by a shell ignores SIGINT, and so do its children. */
  private static List<String> signalsAsAtATerminal() throws Exception {
    List<String> words = List.of("env", "--default-signal=INT");
    List<String> attempt = new ArrayList<>(words);
    attempt.add("true");
    return new ProcessBuilder(attempt).start().waitFor() == 0 ? words : List.of();
  }

  public boolean ended() {
    return !process.isAlive();
  }

  /**
   * Sends these signals one after the other, and watches the server until the process has ended.
   */
  public Ended signal(String... names) throws Exception {
    long sent = System.nanoTime();
    for (String name : names) {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }
    Duration lastSeen = Duration.ZERO;
    while (process.isAlive()) {
      if (tables.sessions() > 0) {
        lastSeen = Duration.ofNanos(System.nanoTime() - sent);
      }
      Thread.sleep(20);
    }
    List<String> lines = Files.readAllLines(out);
    return new Ended(
        process.waitFor(),
        lastSeen,
        lines.isEmpty() ? "" : lines.get(lines.size() - 1),
        Files.readString(err));
  }

  @Override
  public void close() throws SQLException, IOException {
    process.destroyForcibly();
  }
}
