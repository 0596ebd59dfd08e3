package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.report.Version;
import backfill.spark.engine.HadoopFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The text of the plan that a command line names, and where it was found.
 *
 * @param location for messages: a path, a URI, or the name of a shipped plan with its ending
 */
record PlanText(String location, String text) {

  /**
   * @param name a shipped plan's name, a path, or a URI that Hadoop reads
   * @throws InvalidPlanException if it is none of these
   */
  static PlanText find(String name) {
    try {
      if (HadoopFiles.isUri(name)) {
        return new PlanText(name, HadoopFiles.read(name));
      }
      Path path = Path.of(name);
      if (Files.isRegularFile(path)) {
        return new PlanText(name, Files.readString(path));
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidPlanException(name, "cannot be read: " + e.getMessage());
    }
    return named(name)
        .orElseThrow(
            () ->
                new InvalidPlanException(
                    name,
                    "is neither a file nor a shipped plan"
                        + "; shipped are "
                        + String.join(", ", PlanFile.shipped())
                        + Nearest.hint(name, PlanFile.shipped())));
  }

  /** A plan that is in the jar, whatever lies in the directory. */
  static PlanText shipped(String name) {
    return named(name).orElseThrow();
  }

  /**
   * What it says.
   *
   * @param sets settings of the command line, {@code KEY=VALUE}
   * @throws InvalidPlanException with every problem at once
   */
  Plan plan(List<String> sets) {
    return PlanFile.read(location, text, sets, Version.number());
  }

  private static Optional<PlanText> named(String name) {
    return PlanFile.shippedText(name).map(text -> new PlanText(name + ".conf", text));
  }
}
