package backfill.testing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The job in a JVM of its own, as the launcher starts it, to be sent signals. */
public final class TestingStoppedProcess implements AutoCloseable {
  private final TestingStoppedTables tables;
  private final TestingProcess process;

  private TestingStoppedProcess(TestingStoppedTables tables, TestingProcess process) {
    this.tables = tables;
    this.process = process;
  }

  /**
   * @param lastSeen how long after the signal the server still had a session of it
   */
  public record Ended(TestingRun run, Duration lastSeen) {}

  public static TestingStoppedProcess begin(TestingStoppedTables tables) throws Exception {
    List<String> command = new ArrayList<>(signalsAsAtATerminal());
    command.addAll(TestingJvm.words("-Dspark.master=local[2]"));
    command.add("backfill.Main");
    command.addAll(List.of(tables.command()));
    return new TestingStoppedProcess(
        tables, TestingProcess.start(command, tables.database.environment()));
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
      process.signal(name);
    }
    Duration lastSeen = Duration.ZERO;
    while (process.isAlive()) {
      if (tables.sessions() > 0) {
        lastSeen = Duration.ofNanos(System.nanoTime() - sent);
      }
      Thread.sleep(20);
    }
    return new Ended(process.end(), lastSeen);
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
