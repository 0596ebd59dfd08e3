package backfill.bench;

import backfill.bench.Turn.Clock;
import backfill.bench.Turn.State;
import backfill.testing.TestingRepeatedRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The ways to do one case's work: the job's own, and those by hand. */
final class Ways {
  /** How the job's own way is called. */
  static final String OURS = "backfill run";

  static final String RERUN = "backfill rerun";
  static final String SECOND = "backfill rerun, 2nd in a JVM";

  /** What is asked for to have no other at all. */
  static final String NONE = "none";

  /** What follows a peer's name where it is timed on what it wrote. */
  static final String AGAIN = ", again";

  static final String FAR = "backfill run, 2 ms away";

  static final String JVM_OPTIONS = "BACKFILL_JVM_OPTIONS";

  /** A peer in Spark gets the JVM that spark-submit would start, not what suits the job. */
  static final String PLAIN_JVM =
      "-XX:TieredStopAtLevel=4 -XX:-UseParallelGC -XX:+UseG1GC -XX:NewRatio=2 ";

  private final BenchCase bench;
  private final double scale;
  private final Launch launch;

  Ways(BenchCase bench, double scale, Launch launch) {
    this.bench = bench;
    this.scale = scale;
    this.launch = launch;
  }

  /** What can be asked for beside the job's first run. */
  static List<String> others(BenchCase bench) {
    List<String> names = new ArrayList<>(bench.closely() ? List.of(RERUN, SECOND, FAR) : List.of());
    bench.peers().forEach(peer -> names.add(peer.name()));
    return names;
  }

  /**
   * The job's way first.
   *
   * @param chosen of the others; all that end within minutes if none is
   */
  List<Way> chosen(List<String> chosen) {
    List<Way> ways = new ArrayList<>();
    ways.add(new Way(OURS, ours(chosen), ""));
    if (bench.closely() && isAsked(FAR, chosen)) {
      ways.add(new Way(FAR, List.of(job(FAR, "", Map.of(), Clock.PROCESS, State.FAR)), ""));
    }
    for (Peer peer : bench.peers()) {
      if (peer.on() != Peer.On.OURS && isAsked(peer, chosen)) {
        ways.add(way(peer));
      }
    }
    return ways;
  }

  private boolean isAsked(Peer peer, List<String> chosen) {
    return chosen.isEmpty() ? scale <= peer.largestScale() : chosen.contains(peer.name());
  }

  private static boolean isAsked(String name, List<String> chosen) {
    return chosen.isEmpty() || chosen.contains(name);
  }

  private List<Turn> ours(List<String> chosen) {
    List<Turn> turns = new ArrayList<>();
    turns.add(job(OURS, "", Map.of(), Clock.PROCESS, State.FRESH));
    if (bench.closely() && isAsked(RERUN, chosen)) {
      turns.add(job(RERUN, "-again", Map.of(), Clock.PROCESS, State.FILLED));
    }
    if (bench.closely() && isAsked(SECOND, chosen)) {
      turns.add(
          job(
              SECOND,
              "-twice",
              Map.of(
                  JVM_OPTIONS, Submitted.jvmOptions(launch.classPath(), TestingRepeatedRun.class)),
              Clock.READY_TO_VERIFIED,
              State.FILLED));
    }
    for (Peer peer : bench.peers()) {
      if (peer.on() == Peer.On.OURS && isAsked(peer, chosen)) {
        turns.add(
            new Turn(
                peer.name(), java(peer), Map.of(), Clock.ITS_OWN, State.FILLED, Optional.empty()));
      }
    }
    return turns;
  }

  private Turn job(
      String name, String suffix, Map<String, String> environment, Clock clock, State state) {
    List<String> command = new ArrayList<>(launch.job());
    command.addAll(List.of("run", bench.plan(), "--report"));
    command.add(report(suffix).toString());
    command.addAll(launch.options());
    Path written = name.equals(SECOND) ? Path.of(report(suffix) + ".2") : report(suffix);
    return new Turn(name, command, environment, clock, state, Optional.of(written));
  }

  private Path report(String suffix) {
    return launch.directory().resolve(bench.name() + suffix + ".json");
  }

  private Way way(Peer peer) {
    List<String> command;
    Map<String, String> environment = Map.of();
    Clock clock = Clock.ITS_OWN;
    if (peer.program() instanceof Peer.InPython python) {
      Optional<String> interpreter = Python.with(python.modules());
      if (interpreter.isEmpty()) {
        return new Way(peer.name(), List.of(), Python.absent(python.modules()));
      }
      command = List.of(interpreter.get(), python.script(launch.directory()).toString());
    } else if (peer.program() instanceof Peer.InSpark spark) {
      command = new ArrayList<>(launch.job());
      // The launcher archives Spark's classes, and takes its archive, for this word alone.
      command.add("run");
      environment =
          Map.of(JVM_OPTIONS, PLAIN_JVM + Submitted.jvmOptions(launch.classPath(), spark.main()));
      clock = Clock.PROCESS;
    } else {
      command = java(peer);
    }
    List<Turn> turns = new ArrayList<>();
    turns.add(new Turn(peer.name(), command, environment, clock, State.FRESH, Optional.empty()));
    if (peer.on() == Peer.On.FRESH_AND_AGAIN) {
      turns.add(
          new Turn(
              peer.name() + AGAIN, command, environment, clock, State.FILLED, Optional.empty()));
    }
    return new Way(peer.name(), turns, "");
  }

  private List<String> java(Peer peer) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx1g",
        "-D" + CopyFloor.WRITERS + "=" + launch.writers(),
        "-cp",
        System.getProperty("java.class.path"),
        PeerProcess.class.getName(),
        bench.name(),
        peer.name());
  }
}
