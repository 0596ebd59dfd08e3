package backfill.report;

import backfill.page.RunPage;
import backfill.plan.InvalidPlanException;
import backfill.report.terminal.Terminal;
import backfill.spark.engine.HadoopFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the report goes: files, Hadoop URIs, and {@code -} for standard output. The ending of a
 * name says whether it is written as JSON, HTML or Markdown.
 */
public final class ReportTargets {
  private final List<String> targets;
  private final boolean redacted;
  private String before;

  /**
   * @param redacted whether keys of rows are left out
   * @throws InvalidPlanException if one can't take a report: better now than after an hour
   */
  public ReportTargets(List<String> targets, boolean redacted) {
    this.targets = List.copyOf(targets);
    this.redacted = redacted;
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
    RunPage page = RunPage.of(report.json(), redacted).orElseThrow();
    write(
        before == null ? page : RunPage.of(before, redacted).map(page::beside).orElse(page),
        out,
        err);
  }

  /** This dry run approved the run: a page says what differs from it. */
  public void besides(ApprovedReport dryRun) {
    before = dryRun.json();
  }

  /** The same of a page; says whether it is everywhere now. */
  public boolean write(RunPage page, PrintStream out, PrintStream err) {
    boolean whole = true;
    for (String target : targets) {
      String text = page.as(RunPage.Format.of(target));
      try {
        if (isStandardOutput(target)) {
          out.print(text);
        } else if (HadoopFiles.isUri(target)) {
          HadoopFiles.write(target, text);
        } else {
          Files.writeString(Path.of(target), text);
        }
      } catch (IOException e) {
        Terminal.say(err, "report: cannot write " + target + ": " + e.getMessage());
        whole = false;
      }
    }
    return whole;
  }

  private static boolean isStandardOutput(String target) {
    return target.equals("-");
  }
}
