package backfill;

import backfill.plan.InvalidPlan;
import backfill.spark.HadoopFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the report goes: files, Hadoop URIs, and {@code -} for standard output. */
final class ReportTargets {
  private final List<String> targets;

  /**
   * @throws InvalidPlan if one can't take a report: better now than after an hour
   */
  ReportTargets(List<String> targets) {
    this.targets = List.copyOf(targets);
    List<InvalidPlan.Problem> problems = new ArrayList<>();
    for (String target : targets) {
      if (!isStandardOutput(target) && !isUri(target)) {
        Path parent = Path.of(target).toAbsolutePath().getParent();
        if (Files.isDirectory(Path.of(target)) || !Files.isWritable(parent)) {
          problems.add(
              new InvalidPlan.Problem(
                  "--report",
                  0,
                  "cannot write " + target + "; name a file in a directory that exists"));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlan(problems);
    }
  }

  /** Writes the report everywhere; a target that fails is said and the others go on. */
  void write(Report report, PrintStream out, PrintStream err) {
    String json = report.json();
    for (String target : targets) {
      try {
        if (isStandardOutput(target)) {
          out.println(json);
        } else if (isUri(target)) {
          HadoopFiles.write(target, json + "\n");
        } else {
          Files.writeString(Path.of(target), json + "\n");
        }
      } catch (IOException e) {
        err.println("report: cannot write " + target + ": " + e.getMessage());
      }
    }
  }

  private static boolean isStandardOutput(String target) {
    return target.equals("-");
  }

  private static boolean isUri(String target) {
    return target.contains("://");
  }
}
