package backfill.report;

import backfill.plan.InvalidPlanException;
import backfill.spark.engine.HadoopFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the report goes: files, Hadoop URIs, and {@code -} for standard output. */
public final class ReportTargets {
  private final List<String> targets;

  /**
   * @throws InvalidPlanException if one can't take a report: better now than after an hour
   */
  public ReportTargets(List<String> targets) {
    this.targets = List.copyOf(targets);
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    for (String target : targets) {
      String cure =
          isStandardOutput(target)
              ? null
              : HadoopFiles.isUri(target) ? ofUri(target) : ofPath(target);
      if (cure != null) {
        problems.add(
            new InvalidPlanException.Problem(
                "--report", 0, "cannot write " + target + "; " + cure));
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(problems);
    }
  }

  /** What to do about a path that can't be written, or null. */
  private static String ofPath(String target) {
    try {
      Path path = Path.of(target).toAbsolutePath();
      if (Files.isDirectory(path)) {
        return "name a file, this is a directory";
      }
      return Files.exists(path) ? ofFile(path) : ofNewFile(path);
    } catch (InvalidPathException e) {
      return "name a path: " + e.getReason();
    }
  }

  private static String ofFile(Path path) {
    return Files.isWritable(path) ? null : "name a file that may be written";
  }

  /** Only making it tells whether it can be made: its name may be too long for the disk. */
  private static String ofNewFile(Path path) {
    try {
      Files.delete(Files.createFile(path));
      return null;
    } catch (FileSystemException e) {
      return "name a file in a directory that exists and may be written"
          + (e.getReason() == null ? "" : ": " + e.getReason());
    } catch (IOException e) {
      return "name a file that may be written: " + e.getMessage();
    }
  }

  /** What to do about a URI that can't be written, or null. */
  private static String ofUri(String target) {
    try {
      return HadoopFiles.isDirectory(target) ? "name a file, this is a directory" : null;
    } catch (IOException e) {
      return "name a URI that Hadoop can write: " + HadoopFiles.message(e);
    } catch (IllegalArgumentException e) {
      return "name a URI that Hadoop can write: " + e.getMessage();
    }
  }

  /** Writes the report everywhere; a target that fails is said and the others go on. */
  public void write(Report report, PrintStream out, PrintStream err) {
    String json = report.json();
    for (String target : targets) {
      try {
        if (isStandardOutput(target)) {
          out.println(json);
        } else if (HadoopFiles.isUri(target)) {
          HadoopFiles.write(target, json + "\n");
        } else {
          Files.writeString(Path.of(target), json + "\n");
        }
      } catch (IOException e) {
        Terminal.say(err, "report: cannot write " + target + ": " + e.getMessage());
      }
    }
  }

  private static boolean isStandardOutput(String target) {
    return target.equals("-");
  }
}
