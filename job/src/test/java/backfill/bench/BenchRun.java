package backfill.bench;

import backfill.bench.BenchCase.Part;
import backfill.bench.BenchResult.Timing;
import backfill.bench.Turn.Clock;
import backfill.bench.Turn.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Times one case: fills its databases once, then takes the job's way and the others in turn, each
 * on a fresh copy and in processes of its own, and compares what they end with.
 */
final class BenchRun {
  /** What a line of 2 ms adds to each direction. */
  static final Duration AWAY = Duration.ofMillis(1);

  private static final String PREFIX = "backfill_bench_";

  private final BenchServer server;
  private final BenchCase bench;
  private final double scale;
  private final Launch launch;
  private final List<Timing> timings = new ArrayList<>();
  private final Map<String, String> notRun = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private Fingerprint ours;
  private long planned;

  BenchRun(BenchServer server, BenchCase bench, double scale, Launch launch) {
    this.server = server;
    this.bench = bench;
    this.scale = scale;
    this.launch = launch;
  }

  /**
   * Takes the job's way and these others so many times.
   *
   * @param chosen other ways by their names; all that end within minutes if none is
   */
  BenchResult run(List<String> chosen, int rounds)
      throws SQLException, IOException, InterruptedException {
    List<Way> ways = new Ways(bench, scale, launch).chosen(chosen);
    Ways.others(bench).forEach(name -> notRun.put(name, "not run at this scale, or not asked for"));
    Files.deleteIfExists(log());
    try {
      Map<String, Long> rows = fill();
      for (int round = 1; round <= rounds; round++) {
        ours = null;
        for (Way way : ways) {
          take(way);
        }
      }
      return new BenchResult(
          bench.name(), scale, rows, planned, timings, notRun, bench.goals(), problems);
    } finally {
      for (Part part : bench.parts()) {
        server.drop(copyOf(part));
        server.drop(filled(part));
      }
    }
  }

  private Map<String, Long> fill() throws SQLException {
    Map<String, Long> rows = new TreeMap<>();
    for (Part part : bench.parts()) {
      say("filling " + part.name());
      long began = System.nanoTime();
      server.create(filled(part));
      try (Connection connection = server.connect(filled(part))) {
        BenchData.fill(connection, part, scale);
        rows.putAll(BenchData.sizes(connection));
      }
      say("filled in %,d ms".formatted((System.nanoTime() - began) / 1_000_000));
    }
    return rows;
  }

  /** The turns after one that failed would begin with something else. */
  private void take(Way way) throws SQLException, IOException, InterruptedException {
    if (!way.absent().isEmpty()) {
      notRun.put(way.name(), way.absent());
    }
    for (Turn turn : way.turns()) {
      notRun.remove(turn.name());
      if (!take(turn)) {
        return;
      }
    }
  }

  private boolean take(Turn turn) throws SQLException, IOException, InterruptedException {
    for (Part part : bench.parts()) {
      if (turn.state() == State.FILLED) {
        server.settle(copyOf(part));
      } else {
        server.copy(filled(part), copyOf(part));
      }
    }
    say(turn.name());
    if (turn.report().isPresent()) {
      Files.deleteIfExists(turn.report().get());
    }
    Counters before = Counters.now(server, copies());
    TimedProcess process = process(turn);
    Counters counted = Counters.now(server, copies()).since(before);
    if (process.exitCode() != 0) {
      problems.add(
          "%s ended with exit code %d; %s has what it said"
              .formatted(turn.name(), process.exitCode(), log()));
      return false;
    }
    if (turn.touchesNothing() && counted.rows() + counted.sequenceValues() > 0) {
      problems.add(
          "%s touched %,d rows and drew %,d values of sequences, expected none"
              .formatted(turn.name(), counted.rows(), counted.sequenceValues()));
    }
    if (turn.clock() == Clock.READY_TO_VERIFIED && report(turn).isEmpty()) {
      problems.add("%s wrote no report; %s has what it said".formatted(turn.name(), log()));
      return false;
    }
    note(turn, process, counted);
    compare(turn);
    return true;
  }

  private TimedProcess process(Turn turn) throws IOException, InterruptedException {
    if (turn.state() != State.FAR) {
      return TimedProcess.run(turn.command(), environment(turn, server.port()), log());
    }
    try (DelayingProxy proxy = DelayingProxy.to(server.host(), server.port(), AWAY)) {
      return TimedProcess.run(turn.command(), environment(turn, proxy.port()), log());
    }
  }

  private Map<String, String> environment(Turn turn, int port) {
    Map<String, String> environment = new HashMap<>(turn.environment());
    for (Part part : bench.parts()) {
      environment.putAll(
          turn.state() == State.FAR
              ? server.environment(part.prefix(), copyOf(part), port)
              : server.environment(part.prefix(), copyOf(part)));
    }
    return environment;
  }

  private void note(Turn turn, TimedProcess process, Counters counted) throws IOException {
    Optional<JobReport> report = report(turn);
    double seconds =
        switch (turn.clock()) {
          case PROCESS -> process.took().toMillis() / 1000.0;
          case ITS_OWN -> Long.parseLong(process.lastLine()) / 1000.0;
          case READY_TO_VERIFIED -> report.orElseThrow().readyToVerified();
        };
    OptionalLong statements = counted.statements();
    if (statements.isEmpty() && report.isPresent()) {
      statements = OptionalLong.of(report.get().statements());
    }
    timings.add(
        new Timing(
            turn.name(),
            seconds,
            process.cpu().map(cpu -> cpu.toMillis() / 1000.0).orElse(null),
            statements.isPresent() ? statements.getAsLong() : null,
            process.peakBytes().isPresent() ? process.peakBytes().getAsLong() : null,
            null,
            counted.walBytes(),
            counted.rows(),
            counted.sequenceValues()));
    if (report.isPresent() && turn.clock() == Clock.PROCESS && turn.state() != State.FAR) {
      parts(turn.name(), seconds, report.get());
    }
  }

  /** Nothing of a peer, or of a job that wrote none. */
  private static Optional<JobReport> report(Turn turn) throws IOException {
    return turn.report().filter(Files::exists).isEmpty()
        ? Optional.empty()
        : Optional.of(JobReport.read(turn.report().get()));
  }

  /** What the job says of its own time. */
  private void parts(String name, double seconds, JobReport report) {
    planned = report.planned();
    timings.add(Timing.derived(name + BenchResult.LESS_VERIFY, seconds - report.seconds("verify")));
    timings.add(Timing.derived(name + BenchResult.READY_TO_VERIFIED, report.readyToVerified()));
    timings.add(Timing.derived(name + BenchResult.FLATTEN, report.seconds("flatten", "diff")));
    if (!name.equals(Ways.RERUN)) {
      timings.add(Timing.derived(name + BenchResult.WRITE, report.seconds("write")));
    }
  }

  private void compare(Turn turn) throws SQLException {
    Fingerprint left;
    try (Connection connection = server.connect(copyOf(bench.parts().get(0)))) {
      left = Fingerprint.of(connection, bench.outcomes());
    }
    if (turn.name().equals(Ways.OURS)) {
      ours = left;
    } else if (ours != null) {
      problems.addAll(left.differences(ours, turn.name(), Ways.OURS));
    }
  }

  private List<String> copies() {
    return bench.parts().stream().map(BenchRun::copyOf).toList();
  }

  private Path log() {
    return launch.directory().resolve(bench.name() + ".log");
  }

  private void say(String what) {
    System.err.println("bench: " + bench.name() + ": " + what);
  }

  private static String filled(Part part) {
    return PREFIX + part.name().replace('-', '_');
  }

  private static String copyOf(Part part) {
    return filled(part) + "_copy";
  }
}
