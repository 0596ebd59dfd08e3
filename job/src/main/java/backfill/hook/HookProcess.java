package backfill.hook;

import backfill.postgres.server.DaemonThread;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One call of a hook, from its start to its end, or to the end of its time; then it is killed, with
 * the processes that it started. Used by one thread, which waits.
 */
final class HookProcess {
  private static final long POLL_MILLIS = 100;

  /** How long what is over may take to say its last. */
  private static final long PATIENCE_MILLIS = 500;

  private final HookOutput output;
  private final BooleanSupplier stopped;
  private final Set<ProcessHandle> started = new HashSet<>();

  /**
   * @param output where what it says goes
   * @param stopped whether it is to end at once
   */
  HookProcess(HookOutput output, BooleanSupplier stopped) {
    this.output = output;
    this.stopped = stopped;
  }

  /**
   * Calls it.
   *
   * @param environment all that it has
   * @param input what it may read
   * @return what went wrong, to go on after its name; empty where it went well
   */
  Optional<String> call(
      List<String> words, Map<String, String> environment, String input, Duration limit) {
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return Optional.of("could not be started: " + e.getMessage());
    }
    DaemonThread.of("hook input", () -> feed(process.getOutputStream(), input)).start();
    Thread reader = DaemonThread.of("hook output", () -> output.read(process.getInputStream()));
    reader.start();
    Optional<String> failure = await(process, limit);
    try {
      // What it left running keeps the output open, and is not waited for.
      reader.join(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String last = output.close();
    return failure.map(why -> last.isEmpty() ? why : why + ": " + last);
  }

  private static void feed(OutputStream to, String input) {
    try (to) {
      to.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It need not read what it is told.
    }
  }

  private Optional<String> await(Process process, Duration limit) {
    long begun = System.nanoTime();
    try {
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        // One that its own parent leaves behind is nobody's child later.
        process.descendants().forEach(started::add);
        if (stopped.getAsBoolean()) {
          kill(process);
          return Optional.of("was ended, because the run is to stop");
        }
        if (System.nanoTime() - begun > limit.toNanos()) {
          kill(process);
          return Optional.of(
              "lasted longer than " + inWords(limit) + " (hooks.time-limit), and was ended");
        }
      }
    } catch (InterruptedException e) {
      kill(process);
      Thread.currentThread().interrupt();
      return Optional.of("was ended, because the run is to stop");
    }
    int code = process.exitValue();
    return code == 0 ? Optional.empty() : Optional.of("ended with exit code " + code);
  }

  private static String inWords(Duration limit) {
    return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
  }

  /** The parent first, so that it starts no more. */
  private void kill(Process process) {
    process.descendants().forEach(started::add);
    process.destroyForcibly();
    Set<ProcessHandle> all = new HashSet<>(started);
    started.forEach(each -> each.descendants().forEach(all::add));
    all.forEach(ProcessHandle::destroyForcibly);
  }
}
