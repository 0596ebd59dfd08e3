package backfill.spark.diff;

import backfill.plan.InvalidPlanException;
import backfill.spark.engine.HadoopFiles;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A file that the command diff is given: by what it holds, and not by its name, a diff in JSON
 * lines or CSV, or a report.
 *
 * @param given for messages
 * @param files one, or the parts of a directory
 */
public record DiffInput(String given, List<Path> files, Kind kind) {
  private static final int GZIP = 0x1f;
  private static final int LOOKED_AT = 1 << 16;

  /** What a file is. */
  public enum Kind {
    ROWS,
    REPORT
  }

  /**
   * @throws InvalidPlanException if it cannot be read, or is neither
   */
  public static DiffInput of(String given) {
    try {
      Path path = DiffTarget.path(given);
      try (FileSystem system = HadoopFiles.at(path)) {
        FileStatus status = system.getFileStatus(path);
        List<Path> files = status.isDirectory() ? parts(system, path) : List.of(path);
        return new DiffInput(given, files, kind(given, system, files));
      }
    } catch (FileNotFoundException e) {
      throw refusal(given, "is not there; name a file that --diff wrote, or a report");
    } catch (IOException e) {
      throw refusal(given, "cannot be read: " + HadoopFiles.message(e));
    } catch (IllegalArgumentException e) {
      throw refusal(given, "is neither a path nor a URI that Hadoop reads: " + e.getMessage());
    }
  }

  static InvalidPlanException refusal(String given, String problem) {
    return new InvalidPlanException(List.of(new InvalidPlanException.Problem(given, 0, problem)));
  }

  private static List<Path> parts(FileSystem system, Path directory) throws IOException {
    return Stream.of(system.listStatus(directory))
        .map(FileStatus::getPath)
        .filter(path -> path.getName().startsWith(DiffTarget.PART))
        .sorted()
        .toList();
  }

  private static Kind kind(String given, FileSystem system, List<Path> files) throws IOException {
    if (files.isEmpty()) {
      throw refusal(given, "is a directory without parts of a diff");
    }
    char[] begin = new char[LOOKED_AT];
    int length = 0;
    try (BufferedReader in = reader(open(system, files.get(0)))) {
      int read;
      while (length < begin.length && (read = in.read(begin, length, begin.length - length)) >= 0) {
        length += read;
      }
    }
    String text = new String(begin, 0, length);
    if (text.isBlank() || text.startsWith(DiffFormat.CSV.head()) || text.startsWith("{\"step\":")) {
      return Kind.ROWS;
    }
    if (text.contains("\"reportVersion\"")) {
      return Kind.REPORT;
    }
    throw refusal(given, "is neither a file that --diff wrote nor a report");
  }

  /** The text of a report. */
  public String text() throws IOException {
    try (FileSystem system = HadoopFiles.at(files.get(0));
        InputStream in = open(system, files.get(0))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Its rows, the first one first. */
  RowReader rows() throws IOException {
    FileSystem system = HadoopFiles.at(files.get(0));
    List<RowReader.Part> parts = new ArrayList<>();
    for (Path file : files) {
      parts.add(() -> reader(open(system, file)));
    }
    return new RowReader(given, parts, system);
  }

  private static BufferedReader reader(InputStream in) {
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), LOOKED_AT);
  }

  private static InputStream open(FileSystem system, Path file) throws IOException {
    Whole in = new Whole(new BufferedInputStream(system.open(file), LOOKED_AT));
    int first = in.read();
    if (first >= 0) {
      in.unread(first);
    }
    return first == GZIP ? new GZIPInputStream(in, LOOKED_AT) : in;
  }

  /**
   * Says that there is more for as long as there is: otherwise a reader of gzip takes the first
   * member of several for all.
   */
  private static final class Whole extends PushbackInputStream {
    Whole(InputStream in) {
      super(in);
    }

    @Override
    public int available() throws IOException {
      int next = read();
      if (next < 0) {
        return 0;
      }
      unread(next);
      return Math.max(1, super.available());
    }
  }
}
