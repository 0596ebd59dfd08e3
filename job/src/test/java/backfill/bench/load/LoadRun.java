package backfill.bench.load;

import backfill.bench.BenchCase;
import backfill.bench.BenchCase.Part;
import backfill.bench.BenchData;
import backfill.bench.BenchServer;
import backfill.bench.JobReport;
import backfill.bench.Launch;
import backfill.bench.Machine;
import backfill.bench.TimedProcess;
import backfill.bench.load.Application.Load;
import backfill.bench.load.LoadResult.Measured;
import backfill.testing.TestingUpstreamTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures an application beside each of several things in turn, each on a fresh copy of the same
 * data: what was due from the first look at the server to the last.
 */
final class LoadRun {
  private static final String FILLED = "backfill_bench_load";
  private static final String COPY = FILLED + "_copy";

  /** What starts the job with the machine's two processors' worth of tasks, though it has one. */
  static final String TASKS = "--master local[2]";

  private final BenchServer server;
  private final Cores cores;
  private final String pinned;
  private final BenchCase bench;
  private final Launch launch;
  private final Load load;
  private final Times times;
  private final List<Measured> runs = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  /**
   * How long it takes.
   *
   * @param warm how long the application runs before anything is measured
   * @param alone how long it is measured where nothing goes on beside it
   */
  record Times(Duration warm, Duration alone) {}

  /** From one moment to another, both included. */
  private record Window(Instant from, Instant until) {
    double seconds() {
      return Duration.between(from, until).toNanos() / 1e9;
    }
  }

  /** Something that goes on beside the application, and says when it did. */
  private interface Work {
    Window run(Beside beside, int round) throws SQLException, IOException, InterruptedException;
  }

  LoadRun(PinnedServer pinned, BenchCase bench, Launch launch, Load load, Times times) {
    this.server = pinned.server();
    this.cores = pinned.cores();
    this.pinned = pinned.text();
    this.bench = bench;
    this.launch = launch;
    this.load = load;
    this.times = times;
  }

  LoadResult run(List<Beside> besides, int rounds)
      throws SQLException, IOException, InterruptedException {
    Files.deleteIfExists(log());
    try {
      fill(server, part(), FILLED);
      double saturated = saturated();
      for (int round = 1; round <= rounds; round++) {
        for (Beside beside : besides) {
          take(beside, round);
        }
      }
      return new LoadResult(
          bench.name(),
          Machine.name(),
          pinned,
          load.clients(),
          load.perSecond(),
          saturated,
          runs,
          problems);
    } finally {
      server.drop(COPY);
      server.drop(FILLED);
    }
  }

  static void fill(BenchServer server, Part part, String database) throws SQLException {
    say("filling " + part.name());
    server.create(database);
    try (Connection connection = server.connect(database)) {
      BenchData.fill(connection, part, 1);
    }
  }

  /** How much the server can do; the rate is to stay well below it. */
  private double saturated() throws SQLException, IOException, InterruptedException {
    Window window;
    Latencies latencies;
    server.copy(FILLED, COPY);
    try (Application application = Application.start(server, COPY, load.perSecond(0))) {
      Thread.sleep(times.warm().toMillis());
      window = pause(times.warm());
      latencies = within(application, window);
    }
    double perSecond = latencies.count() / window.seconds();
    say("%,.0f transactions/s with no pause between them".formatted(perSecond));
    return perSecond;
  }

  private void take(Beside beside, int round)
      throws SQLException, IOException, InterruptedException {
    server.copy(FILLED, COPY);
    say(beside.title() + ", round " + round);
    try (Application application = Application.start(server, COPY, load)) {
      Thread.sleep(times.warm().toMillis());
      Window window = work(beside).run(beside, round);
      Latencies latencies = within(application, window);
      Files.writeString(
          launch.directory().resolve("load-%s-%d.csv".formatted(beside, round)),
          seconds(application, latencies));
      runs.add(
          new Measured(
              beside,
              latencies.percentileMillis(0.5),
              latencies.percentileMillis(0.99),
              latencies.percentileMillis(1),
              latencies.count() / window.seconds(),
              latencies.failures(),
              beside == Beside.NOTHING ? null : window.seconds()));
      Measured last = runs.get(runs.size() - 1);
      say(
          "p50 %.2f ms, p99 %.2f ms, longest %.1f ms, %d failed, in %.1f s"
              .formatted(
                  last.p50Millis(),
                  last.p99Millis(),
                  last.longestMillis(),
                  last.failed(),
                  window.seconds()));
    }
  }

  private Work work(Beside beside) {
    return switch (beside) {
      case NOTHING -> (what, round) -> pause(times.alone());
      case THROTTLED, UNTHROTTLED -> this::job;
      case INSERT -> (what, round) -> insert();
    };
  }

  private static Window pause(Duration time) throws InterruptedException {
    Instant from = Instant.now();
    Thread.sleep(time.toMillis());
    return new Window(from, Instant.now());
  }

  /** From Spark's session being ready: until then it asks the server for nothing. */
  private Window job(Beside beside, int round) throws IOException, InterruptedException {
    Path report = launch.directory().resolve("load-%s-%d.json".formatted(beside, round));
    Files.deleteIfExists(report);
    List<String> command = new ArrayList<>(launch.job());
    command.addAll(List.of("run", bench.plan(), "--report", report.toString()));
    command.addAll(beside.options(launch.options()));
    Map<String, String> environment = new HashMap<>(server.environment(part().prefix(), COPY));
    environment.put("BACKFILL_SUBMIT_ARGS", TASKS);
    Instant began = Instant.now();
    TimedProcess process = TimedProcess.run(cores.behindApplication(command), environment, log());
    if (process.exitCode() != 0 || !Files.exists(report)) {
      problems.add(
          "%s ended with exit code %d; %s has what it said"
              .formatted(beside.title(), process.exitCode(), log()));
      return new Window(began, Instant.now());
    }
    JobReport read = JobReport.read(report);
    return new Window(read.sessionReady(), read.ended());
  }

  private Window insert() throws SQLException {
    try (Connection connection = server.connect(COPY);
        Statement statement = connection.createStatement()) {
      Instant from = Instant.now();
      statement.execute(TestingUpstreamTables.sql("defectdojo-peer"));
      return new Window(from, Instant.now());
    }
  }

  /** How it fared in each second, to be held beside what the job's log says of that second. */
  private static String seconds(Application application, Latencies latencies) {
    StringBuilder text =
        new StringBuilder("second,transactions,p50Millis,p99Millis,longestMillis\n");
    latencies
        .seconds()
        .forEach(
            (second, within) ->
                text.append(
                    "%s,%d,%.2f,%.2f,%.2f%n"
                        .formatted(
                            application.momentAt(second),
                            within.count(),
                            within.percentileMillis(0.5),
                            within.percentileMillis(0.99),
                            within.percentileMillis(1))));
    return text.toString();
  }

  private static Latencies within(Application application, Window window)
      throws InterruptedException {
    long from = application.nanosAt(window.from());
    long until = application.nanosAt(window.until());
    return application.stop().due(due -> due >= from && due <= until);
  }

  private Part part() {
    return bench.parts().get(0);
  }

  private Path log() {
    return launch.directory().resolve("load.log");
  }

  static void say(String what) {
    System.err.println("bench: load: " + what);
  }
}
