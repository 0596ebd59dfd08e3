package backfill.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * How processes are started.
 *
 * @param job the launcher and what else stands before {@code run}
 * @param options what stands after the plan
 * @param classPath of a main class that the launcher starts instead of the job
 * @param directory where each process leaves its log and the job its report
 */
record Launch(List<String> job, List<String> options, String classPath, Path directory) {
  private static final String WRITERS = "write.writers=";

  /** How many connections the job writes with, so that the floor takes as many. */
  int writers() {
    return options.stream()
        .filter(option -> option.startsWith(WRITERS))
        .map(option -> Integer.parseInt(option.substring(WRITERS.length())))
        .reduce(2, (before, last) -> last);
  }
}
