package backfill.bench;

import backfill.bench.BenchCase.Part;
import backfill.bench.BenchResult.Timing;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Times one case: fills its databases once, then runs the job and each peer in turn, each on a
 * fresh copy and as a process of its own, and compares what they end with.
 */
final class BenchRun {
  private static final String PREFIX = "backfill_bench_";

  private final BenchServer server;
  private final BenchCase bench;
  private final double scale;
  private final Ways ways;
  private final List<Timing> timings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  /**
   * How processes are started.
   *
   * @param job the launcher and what else stands before {@code run}
   * @param options what stands after the plan
   * @param directory where each process leaves its log and the job its report
   */
  record Ways(List<String> job, List<String> options, Path directory) {}

  BenchRun(BenchServer server, BenchCase bench, double scale, Ways ways) {
    this.server = server;
    this.bench = bench;
    this.scale = scale;
    this.ways = ways;
  }

  /**
   * Runs the job and these peers so many times.
   *
   * @param peers that are asked for; none for all that are quick enough at this scale
   */
  BenchResult run(List<String> peers, int rounds)
      throws SQLException, IOException, InterruptedException {
    List<Peer> chosen =
        peers.isEmpty()
            ? bench.peers().stream().filter(peer -> scale <= peer.largestScale()).toList()
            : peers.stream().map(bench::peer).toList();
    Files.deleteIfExists(log());
    try {
      Map<String, Long> rows = fill();
      for (int round = 1; round <= rounds; round++) {
        Fingerprint ours = time(BenchResult.OURS, job());
        for (Peer peer : chosen) {
          Fingerprint theirs = time(peer.name(), peer(peer));
          if (ours != null && theirs != null) {
            problems.addAll(theirs.differences(ours, peer.name(), BenchResult.OURS));
          }
        }
      }
      List<String> notRun = new ArrayList<>(bench.peerNames());
      notRun.removeAll(chosen.stream().map(Peer::name).toList());
      return new BenchResult(bench.name(), scale, rows, timings, notRun, problems);
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

  /** What a way ends with; null where it failed, which is then among the problems. */
  private Fingerprint time(String way, List<String> command)
      throws SQLException, IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>();
    for (Part part : bench.parts()) {
      server.copy(filled(part), copyOf(part));
      environment.putAll(server.environment(part.prefix(), copyOf(part)));
    }
    say(way);
    TimedProcess process = TimedProcess.run(command, environment, log());
    if (process.exitCode() != 0) {
      problems.add(
          "%s ended with exit code %d; %s has what it said"
              .formatted(way, process.exitCode(), log()));
      return null;
    }
    OptionalLong counted =
        StatementCount.in(server, bench.parts().stream().map(BenchRun::copyOf).toList());
    boolean ours = way.equals(BenchResult.OURS);
    OptionalLong statements = counted.isEmpty() && ours ? reported() : counted;
    timings.add(
        new Timing(
            way,
            ours ? process.took().toMillis() / 1000.0 : Long.parseLong(process.lastLine()) / 1000.0,
            statements.isPresent() ? statements.getAsLong() : null,
            process.peakBytes().isPresent() ? process.peakBytes().getAsLong() : null));
    try (Connection connection = server.connect(copyOf(bench.parts().get(0)))) {
      return Fingerprint.of(connection, bench.outcomes());
    }
  }

  /** What the job itself says of its statements. */
  private OptionalLong reported() throws IOException {
    if (!Files.exists(report())) {
      return OptionalLong.empty();
    }
    long statements = 0;
    for (JsonNode step : new ObjectMapper().readTree(report().toFile()).path("steps")) {
      statements += step.path("statements").asLong();
    }
    return OptionalLong.of(statements);
  }

  private Path log() {
    return ways.directory().resolve(bench.name() + ".log");
  }

  private Path report() {
    return ways.directory().resolve(bench.name() + ".json");
  }

  private List<String> job() {
    List<String> command = new ArrayList<>(ways.job());
    command.addAll(List.of("run", bench.plan(), "--report"));
    command.add(report().toString());
    command.addAll(ways.options());
    return command;
  }

  private List<String> peer(Peer peer) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m",
        "-cp",
        System.getProperty("java.class.path"),
        PeerProcess.class.getName(),
        bench.name(),
        peer.name());
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
