package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.spark.engine.HadoopFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reads a report that a command line names. */
final class ReportFile {
  private ReportFile() {}

  /**
   * Its text.
   *
   * @param name a path, or a URI that Hadoop reads
   * @param cure which file to name instead
   * @param word what the name stands behind on the command line
   * @throws InvalidPlanException if it cannot be read, or is not UTF-8
   */
  static String read(String name, String word, String cure) {
    try {
      byte[] bytes = HadoopFiles.read(name);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidPlanException(
          word + " " + name,
          "cannot be read (%s); name %s"
              .formatted(e.getClass().getSimpleName() + ": " + e.getMessage(), cure));
    }
  }
}
