package backfill.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One process of a way, and one row of the table.
 *
 * @param name the row's
 * @param environment beside what names the databases
 * @param clock what its seconds are
 * @param report where the job will have written its report
 */
record Turn(
    String name,
    List<String> command,
    Map<String, String> environment,
    Clock clock,
    State state,
    Optional<Path> report) {
  Turn {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }

  /** What the seconds of a row are. */
  enum Clock {
    /** From the start of its launcher to its exit code. */
    PROCESS,
    /** What it prints at its end: milliseconds, without the start of the language's machine. */
    ITS_OWN,
    /** From Spark's session being ready to the end of verify, as the job's report says. */
    READY_TO_VERIFIED
  }

  /** What the databases hold when it starts, and how they are reached. */
  enum State {
    /** The data, and nothing in the targets. */
    FRESH,
    /** What the turn before left, settled, so that reading it writes nothing. */
    FILLED,
    /** As fresh, and {@link BenchRun#AWAY} away. */
    FAR
  }

  /** Whether it is the job's, on what the job wrote before. */
  boolean touchesNothing() {
    return state == State.FILLED && report.isPresent();
  }
}
