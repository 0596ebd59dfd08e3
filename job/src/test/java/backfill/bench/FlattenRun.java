package backfill.bench;

import backfill.bench.BenchCase.Part;
import backfill.bench.BenchResult.Timing;
import backfill.bench.FlattenCase.Flattening;
import backfill.testing.TestingHeap;
import backfill.testing.TestingRepeatedRun;
import backfill.testing.TestingUpstreamTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Times the ways of one flatten case in turn; all must find as many pairs. */
final class FlattenRun {
  private static final String DATABASE = "backfill_bench_flatten";

  /** Verify finds everything missing, as it must in an empty target. */
  private static final int MISSING = 7;

  private final BenchServer server;
  private final FlattenCase flatten;
  private final Launch launch;
  private final List<Timing> timings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private long pairs;

  FlattenRun(BenchServer server, FlattenCase flatten, Launch launch) {
    this.server = server;
    this.flatten = flatten;
    this.launch = launch;
  }

  BenchResult run(int rounds) throws SQLException, IOException, InterruptedException {
    Files.deleteIfExists(log());
    try {
      Map<String, Long> rows = new TreeMap<>();
      if (flatten.part().isPresent()) {
        rows.putAll(fill(flatten.part().get()));
      }
      for (int round = 1; round <= rounds; round++) {
        for (Flattening way : flatten.ways()) {
          System.err.println("bench: " + flatten.name() + ": " + way.name());
          take(way);
        }
      }
      return new BenchResult(
          flatten.name(), 1, rows, pairs, timings, flatten.notRun(), flatten.goals(), problems);
    } finally {
      server.drop(DATABASE);
    }
  }

  private Map<String, Long> fill(Part part) throws SQLException {
    server.create(DATABASE);
    try (Connection connection = server.connect(DATABASE)) {
      BenchData.fill(connection, part, 1);
      return BenchData.sizes(connection);
    }
  }

  private void take(Flattening way) throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>(way.environment());
    flatten
        .part()
        .ifPresent(part -> environment.putAll(server.environment(part.prefix(), DATABASE)));
    TimedProcess process = TimedProcess.run(command(way, environment), environment, log());
    List<FlattenRound> found =
        way.program().isPresent()
            ? FlattenRound.of(process.out())
            : reported(TestingHeap.peaks(process.out()));
    boolean ended = process.exitCode() == (way.program().isPresent() ? 0 : MISSING);
    if (!ended || found.size() != way.rounds()) {
      problems.add(
          "%s ended with exit code %d; %s has what it said"
              .formatted(way.name(), process.exitCode(), log()));
      return;
    }
    for (int i = 0; i < found.size(); i++) {
      note(way.name() + (i == 0 ? FlattenCase.COLD : FlattenCase.WARM), found.get(i), process);
    }
  }

  private void note(String name, FlattenRound round, TimedProcess process) {
    if (pairs == 0) {
      pairs = round.pairs();
    } else if (pairs != round.pairs()) {
      problems.add("%s found %,d pairs, others %,d".formatted(name, round.pairs(), pairs));
    }
    timings.add(
        new Timing(
            name,
            round.millis() / 1000.0,
            null,
            null,
            process.peakBytes().isPresent() ? process.peakBytes().getAsLong() : null,
            round.heapBytes() == 0 ? null : round.heapBytes(),
            null,
            null,
            null));
  }

  private List<String> command(Flattening way, Map<String, String> environment) throws IOException {
    if (way.program().isPresent() && !way.program().get().inSpark()) {
      return FlattenCase.java(way.program().get().main());
    }
    FlattenCase.Program program =
        way.program().orElse(new FlattenCase.Program(TestingRepeatedRun.class, true, ""));
    environment.put(
        Ways.JVM_OPTIONS,
        program.jvmOptions() + Submitted.jvmOptions(launch.classPath(), program.main()));
    List<String> command = new ArrayList<>(launch.job());
    List<String> told = way.plan().isEmpty() ? flatten.plan() : way.plan();
    command.addAll(List.of("verify", plan(told.get(0)), "--report", report(0).toString()));
    command.addAll(told.subList(1, told.size()));
    command.addAll(launch.options());
    for (int round = 1; round <= FlattenRound.ROUNDS; round++) {
      Files.deleteIfExists(report(round));
    }
    return command;
  }

  /** A resource of ours becomes a file. */
  private String plan(String plan) throws IOException {
    return plan.startsWith("/")
        ? Files.writeString(
                launch.directory().resolve(plan.substring(plan.lastIndexOf('/') + 1)),
                TestingUpstreamTables.resource(plan))
            .toString()
        : plan;
  }

  /**
   * @param heaps the most bytes of the heap in each round, as far as they were told
   */
  private List<FlattenRound> reported(List<Long> heaps) throws IOException {
    List<FlattenRound> rounds = new ArrayList<>();
    for (int round = 1; round <= FlattenRound.ROUNDS; round++) {
      if (Files.exists(report(round))) {
        JobReport report = JobReport.read(report(round));
        rounds.add(
            new FlattenRound(
                Math.round(report.seconds("flatten", "diff") * 1000),
                report.planned(),
                round <= heaps.size() ? heaps.get(round - 1) : 0));
      }
    }
    return rounds;
  }

  private Path report(int round) {
    return launch.directory().resolve(flatten.name() + ".json" + (round == 0 ? "" : "." + round));
  }

  private Path log() {
    return launch.directory().resolve(flatten.name() + ".log");
  }
}
