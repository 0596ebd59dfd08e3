package backfill.spark.diff;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** The first keys by which the rows of a step differ from those that a file has of it, in words. */
public final class DifferingKeys {
  private static final int NAMED = 10;

  private DifferingKeys() {}

  /**
   * Names rows that the step would write and the file has not, then those of the file that the step
   * would not write. The step's rows pass the driver one by one, into a temporary file.
   */
  public static List<String> of(DiffInput file, StepDiff step) throws IOException {
    Path own = Files.createTempFile("backfill-diff", ".jsonl");
    try {
      write(step, own);
      RowComparison compared =
          RowComparison.of(file, DiffInput.of(own.toString()), NAMED, step.shape().step());
      List<String> words = new ArrayList<>();
      Stream.concat(
              compared.b().first().stream().map(row -> words("not approved", row)),
              compared.a().first().stream().map(row -> words("approved only", row)))
          .limit(NAMED)
          .forEach(words::add);
      return words;
    } finally {
      Files.deleteIfExists(own);
    }
  }

  private static String words(String which, ReadRow row) {
    return which + ": " + row.event() + " " + row.key();
  }

  private static void write(StepDiff step, Path file) throws IOException {
    DiffShape shape = step.shape();
    Iterator<String> lines =
        step.rows()
            .map(
                row -> {
                  StringBuilder line = new StringBuilder();
                  DiffFormat.JSON_LINES.write(shape, row, line);
                  return line.toString();
                })
            .toLocalIterator();
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      while (lines.hasNext()) {
        out.append(lines.next());
      }
    }
  }
}
