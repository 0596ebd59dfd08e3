package backfill.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A process that has ended: how, how long it took, and what Linux alone tells, the processors' time
 * that it used and the most memory that it held. One at a time, or their times would be one.
 */
public record TimedProcess(
    int exitCode, Duration took, Optional<Duration> cpu, OptionalLong peakBytes, String out) {
  private static final int SAMPLE_MILLIS = 50;

  /** Linux counts hundredths of a second towards programs, whatever its own clock is. */
  private static final int MILLIS_PER_TICK = 10;

  /** What would name other databases, or the same ones in another way. */
  private static final Pattern DATABASE =
      Pattern.compile("BACKFILL.*_(URL|USER|PASSWORD|PASSWORD_FILE)");

  /** Runs a command to its end; what it says on standard error goes to the end of a file. */
  public static TimedProcess run(List<String> command, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("bench", ".out");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().keySet().removeIf(name -> DATABASE.matcher(name).matches());
      builder.environment().putAll(environment);
      Optional<Duration> before = cpuOfChildren();
      long began = System.nanoTime();
      Process process = builder.start();
      OptionalLong peak = OptionalLong.empty();
      do {
        OptionalLong seen = peakBytes(process.pid());
        peak = seen.isPresent() ? seen : peak;
      } while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS));
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      Optional<Duration> cpu = cpuOfChildren().flatMap(now -> before.map(then -> now.minus(then)));
      return new TimedProcess(process.exitValue(), took, cpu, peak, Files.readString(out));
    } finally {
      Files.delete(out);
    }
  }

  /**
   * The processors' time of all children that have ended, and of theirs; nothing where there is no
   * /proc. The fields behind the name of the program, which may hold blanks, begin with the third.
   */
  private static Optional<Duration> cpuOfChildren() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      long ticks = Long.parseLong(fields[16 - 3]) + Long.parseLong(fields[17 - 3]);
      return Optional.of(Duration.ofMillis(ticks * MILLIS_PER_TICK));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The high-water mark so far; nothing once it has ended, or where there is no /proc. */
  private static OptionalLong peakBytes(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The last line that it printed, or an empty text. */
  String lastLine() {
    return out.lines().reduce((first, second) -> second).orElse("");
  }
}
