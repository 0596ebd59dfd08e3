package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.report.Version;
import backfill.spark.engine.HadoopFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
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
  private static final String ENDING = ".conf";

  /**
   * @param name a shipped plan's name, a path, or a URI that Hadoop reads
   * @throws InvalidPlanException if it is none of these
   */
  static PlanText find(String name) {
    try {
      if (HadoopFiles.isUri(name)) {
        return new PlanText(name, decoded(name, HadoopFiles.read(name)));
      }
      Path path = Path.of(name);
      if (Files.exists(path) && !Files.isDirectory(path)) {
        return new PlanText(name, decoded(name, HadoopFiles.read(name)));
      }
      return named(name).orElseThrow(() -> new InvalidPlanException(name, notFound(name, path)));
    } catch (AccessDeniedException e) {
      throw new InvalidPlanException(name, "cannot be read: its permissions do not allow it");
    } catch (IOException e) {
      throw new InvalidPlanException(name, "cannot be read: " + HadoopFiles.message(e));
    } catch (IllegalArgumentException e) {
      throw new InvalidPlanException(name, "cannot be read: " + e.getMessage());
    }
  }

  private static String notFound(String name, Path path) {
    if (Files.isDirectory(path)) {
      return "is a directory; name the plan's file in it";
    }
    return "is neither a file nor a shipped plan; shipped are "
        + String.join(", ", PlanFile.shipped())
        + (Files.isRegularFile(Path.of(name + ENDING))
            ? "; did you mean the file " + name + ENDING + "?"
            : Nearest.hint(name, PlanFile.shipped()));
  }

  /** Never with a character that the file does not have: a plan says who gets access. */
  private static String decoded(String location, byte[] bytes) {
    CharBuffer text = CharBuffer.allocate(bytes.length);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    if (StandardCharsets.UTF_8.newDecoder().decode(rest, text, true).isUnderflow()
        && !rest.hasRemaining()) {
      return text.flip().toString();
    }
    int line = 1;
    for (int at = 0; at < rest.position(); at++) {
      line += bytes[at] == '\n' ? 1 : 0;
    }
    throw new InvalidPlanException(
        List.of(
            new InvalidPlanException.Problem(
                location,
                line,
                "the byte 0x%02X is not UTF-8; save the plan as UTF-8"
                    .formatted(bytes[rest.position()]))));
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
    return PlanFile.shippedText(name).map(text -> new PlanText(name + ENDING, text));
  }
}
