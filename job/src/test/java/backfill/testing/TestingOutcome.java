package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** How a command in a process of its own ended: its exit code, and what it said on each stream. */
public record TestingOutcome(int code, String out, String err) {
  /** The exit code of what did not end in time, as {@code timeout} has it. */
  public static final int TOO_LATE = 124;

  /**
   * Runs it to its end, and its output into files: a pipe would stay open for as long as a process
   * that it leaves behind.
   */
  public static TestingOutcome of(Duration patience, ProcessBuilder command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("backfill-command", ".out");
    Path err = Files.createTempFile("backfill-command", ".err");
    try {
      Process process = command.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      boolean inTime = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (!inTime) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      String said = Files.readString(err);
      return inTime
          ? new TestingOutcome(process.exitValue(), Files.readString(out), said)
          : new TestingOutcome(
              TOO_LATE,
              Files.readString(out),
              said + "\n" + command.command() + " did not end in " + patience.toSeconds() + " s");
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** What it said on either stream. */
  public String said() {
    return out + err;
  }
}
