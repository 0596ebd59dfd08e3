package backfill.spark.diff;

import backfill.plan.InvalidPlanException;
import backfill.spark.engine.HadoopFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where a diff goes, as the command line names it: a path or a URI that Hadoop writes. Its ending
 * says the format; with a slash after it, it is a directory of parts.
 *
 * @param given for messages
 */
public record DiffTarget(
    String given, Path path, DiffFormat format, boolean zipped, boolean directory) {
  private static final String OPTION = "--diff";
  private static final String ZIPPED = ".gz";
  static final String PART = "part-";

  /**
   * A target that can be written, as far as can be found out without writing it.
   *
   * @throws InvalidPlanException if it cannot: better now than after an hour
   */
  public static DiffTarget of(String given) {
    DiffTarget target = parsed(given);
    try {
      target.problem().ifPresent(problem -> refuse(given, problem));
    } catch (IOException e) {
      refuse(given, "name a place that can be written: " + HadoopFiles.message(e));
    }
    return target;
  }

  private static DiffTarget parsed(String given) {
    boolean directory = given.endsWith("/");
    String name = given.replaceFirst("/+$", "").toLowerCase(Locale.ROOT);
    boolean zipped = name.endsWith(ZIPPED);
    Optional<DiffFormat> format = format(name);
    if (format.isEmpty() && !directory) {
      refuse(
          given,
          "its ending says the format: name it .jsonl, .json or .csv, each also with .gz after it");
    }
    try {
      Path path = path(given);
      if (path.getParent() == null) {
        refuse(given, "name a file in a directory, this is a root");
      }
      return new DiffTarget(given, path, format.orElse(DiffFormat.JSON_LINES), zipped, directory);
    } catch (IllegalArgumentException e) {
      throw refusal(given, "name a path, or a URI that Hadoop can write: " + e.getMessage());
    }
  }

  /** That of a file, by its name's ending; empty where it has none of ours. */
  static Optional<DiffFormat> format(String name) {
    String plain = name.toLowerCase(Locale.ROOT);
    plain = plain.endsWith(ZIPPED) ? plain.substring(0, plain.length() - ZIPPED.length()) : plain;
    return plain.endsWith(".jsonl") || plain.endsWith(".json")
        ? Optional.of(DiffFormat.JSON_LINES)
        : plain.endsWith(".csv") ? Optional.of(DiffFormat.CSV) : Optional.empty();
  }

  /** As Hadoop has it. */
  static Path path(String given) {
    return HadoopFiles.isUri(given)
        ? new Path(URI.create(given))
        : new Path(java.nio.file.Path.of(given).toAbsolutePath().toUri());
  }

  private static InvalidPlanException refusal(String given, String cure) {
    return new InvalidPlanException(
        List.of(
            new InvalidPlanException.Problem(OPTION, 0, "cannot write " + given + "; " + cure)));
  }

  private static void refuse(String given, String cure) {
    throw refusal(given, cure);
  }

  /** What to do about a target that cannot be written; empty if it can. */
  private Optional<String> problem() throws IOException {
    try (FileSystem files = HadoopFiles.toWrite(path)) {
      if (isLocal() && !Files.isDirectory(local(path.getParent()))) {
        return Optional.of("name a file in a directory that exists and may be written");
      }
      Optional<String> there = problem(files);
      return there.isPresent() ? there : unwritable(files);
    }
  }

  private Optional<String> problem(FileSystem files) throws IOException {
    FileStatus status;
    try {
      status = files.getFileStatus(path);
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
    if (!status.isDirectory()) {
      return directory
          ? Optional.of("this is a file; leave out the slash at its end, or name another place")
          : isLocal() && !Files.isWritable(local(path))
              ? Optional.of("it is there and may not be written; name another file")
              : Optional.empty();
    }
    if (!directory) {
      return Optional.of("this is a directory; name a file, or end it with a slash for parts");
    }
    for (FileStatus each : files.listStatus(path)) {
      if (!each.getPath().getName().startsWith(PART)) {
        return Optional.of(
            "it has files that are no parts of a diff, as %s, and would be replaced; name another directory"
                .formatted(each.getPath().getName()));
      }
    }
    return Optional.empty();
  }

  private Optional<String> unwritable(FileSystem files) throws IOException {
    Path probe = work(UUID.randomUUID().toString());
    boolean made = files.mkdirs(probe);
    if (made) {
      files.delete(probe, true);
    }
    return made
        ? Optional.empty()
        : Optional.of("name a file in a directory that exists and may be written");
  }

  boolean isLocal() {
    return "file".equals(path.toUri().getScheme());
  }

  static java.nio.file.Path local(Path path) {
    return java.nio.file.Path.of(path.toUri().getPath());
  }

  /** Beside it: where the parts of one run are until they are whole. */
  Path work(String run) {
    return new Path(path.getParent(), "." + path.getName() + ".backfill-" + run);
  }

  /** A part's name in a directory. */
  String part(int number) {
    return PART
        + String.format(Locale.ROOT, "%05d", number)
        + (format == DiffFormat.CSV ? ".csv" : ".jsonl")
        + (zipped ? ZIPPED : "");
  }
}
