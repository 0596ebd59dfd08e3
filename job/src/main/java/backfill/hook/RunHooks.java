package backfill.hook;

import backfill.plan.Hooks;
import backfill.plan.Hooks.Occasion;
import backfill.postgres.ledger.RunStatus;
import backfill.report.Progress;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.Stopping;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Calls the plan's hooks when their time comes. Only the one before the write can keep a run from
 * going on: what any other comes to is a warning, in the log and the report. Used by the run's own
 * thread.
 */
public final class RunHooks {
  /** A run that is stopped is over in five seconds, and so are its hooks. */
  private static final Duration STOPPED_WITHIN = Duration.ofMillis(4_000);

  private static final Duration WORTH_A_CALL = Duration.ofMillis(200);

  private final Hooks hooks;
  private final ReportBuilder report;
  private final Progress progress;
  private final Stopping stopping;
  private final Map<String, String> environment = System.getenv();

  public RunHooks(Hooks hooks, ReportBuilder report, Progress progress, Stopping stopping) {
    this.hooks = hooks;
    this.report = report;
    this.progress = progress;
    this.stopping = stopping;
  }

  /** Programs that cannot be started here, in words; what a shell would start is not known. */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (Occasion occasion : Occasion.values()) {
      hooks
          .on(occasion)
          .map(Hooks.Called::program)
          .filter(program -> !isThere(program))
          .ifPresent(
              program ->
                  missing.add(
                      "%s: there is no program %s that we may run%s; install it on the driver's machine, or name it by its path"
                          .formatted(
                              occasion.path(),
                              program,
                              program.contains(File.separator) ? "" : " in PATH")));
    }
    return missing;
  }

  private boolean isThere(String program) {
    try {
      return program.contains(File.separator)
          ? isProgram(Path.of(program))
          : Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
              .anyMatch(directory -> isProgram(Path.of(directory, program)));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }

  /** Whether one judges the whole run before it writes. */
  public boolean guardTheWrite() {
    return hooks.on(Occasion.BEFORE_WRITE).isPresent();
  }

  /** Why nothing may be written; empty where it may. */
  public Optional<String> beforeWrite() {
    return call(Occasion.BEFORE_WRITE, null, hooks.timeLimit());
  }

  /** A step is written. */
  public void written(String step) {
    call(Occasion.AFTER_STEP, step, hooks.timeLimit()).ifPresent(this::warn);
  }

  /** The run is over, and its ledger closed. */
  public void ended() {
    if (report.now().status() == RunStatus.REFUSED) {
      callLate(Occasion.ON_REFUSAL);
    }
    callLate(Occasion.ON_END);
  }

  private void callLate(Occasion occasion) {
    if (hooks.on(occasion).isEmpty()) {
      return;
    }
    Duration left = stopping.left(STOPPED_WITHIN).orElse(hooks.timeLimit());
    if (left.compareTo(WORTH_A_CALL) < 0) {
      warn("hook " + occasion.key() + " was not called: the run was to stop at once");
      return;
    }
    Duration limit = left.compareTo(hooks.timeLimit()) < 0 ? left : hooks.timeLimit();
    call(occasion, null, limit).ifPresent(this::warn);
  }

  private Optional<String> call(Occasion occasion, String step, Duration limit) {
    Optional<Hooks.Called> called = hooks.on(occasion);
    if (called.isEmpty()) {
      return Optional.empty();
    }
    String name = "hook " + occasion.key() + (step == null ? "" : " of step " + step);
    boolean stops = stopping.reason().isPresent();
    report.lasts();
    Report told = report.now();
    progress.waitsFor(name);
    long begun = System.nanoTime();
    Optional<String> failure =
        new HookProcess(
                new HookOutput(line -> progress.say(name + ": " + line)),
                () -> !stops && stopping.reason().isPresent())
            .call(
                called.get().words(),
                new HookFacts(environment).of(occasion, step, told),
                told.json(),
                limit);
    progress.waitsFor(null);
    if (failure.isEmpty()) {
      progress.say(
          "%s: done in %.1f s".formatted(name, (System.nanoTime() - begun) / 1_000_000_000.0));
    }
    return failure.map(why -> name + " " + why);
  }

  private void warn(String warning) {
    report.warned(warning);
    progress.warn(warning);
  }
}
