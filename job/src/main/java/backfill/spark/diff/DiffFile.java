package backfill.spark.diff;

import backfill.spark.engine.HadoopFiles;
import backfill.spark.engine.SparkJobs;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.TaskContext;

/**
 * The file that one run writes its diff to, step by step. Executors write parts beside the target,
 * and only their names come to the driver; what is put in the target's place is whole, so that a
 * run that fails leaves no half file. Used by the run's own thread.
 */
public final class DiffFile implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(DiffFile.class);

  private final DiffTarget target;
  private final Path work;
  private final PartPlace place;
  private final FileSystem files;
  private final List<String> parts = new ArrayList<>();
  private int written;
  private int inPlace = -1;

  private DiffFile(DiffTarget target, Path work, FileSystem files) {
    this.target = target;
    this.work = work;
    this.place = PartPlace.of(target, work);
    this.files = files;
  }

  /**
   * Nothing is written yet.
   *
   * @param run tells apart what runs write beside the same target
   */
  public static DiffFile of(DiffTarget target, String run) {
    try {
      return new DiffFile(target, target.work(run), HadoopFiles.at(target.path()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the rows of a step, on executors; a task that is tried again writes another file. */
  public DiffSum write(StepDiff step) {
    PartPlace to = place;
    DiffShape shape = step.shape();
    int before = written++;
    List<PartFile.Whole> whole =
        SparkJobs.ofEach(
            step.rows(),
            rows ->
                PartFile.write(
                    to,
                    shape,
                    "%d-%d-%d"
                        .formatted(
                            before,
                            TaskContext.getPartitionId(),
                            TaskContext.get().taskAttemptId()),
                    rows));
    DiffSum sum = DiffSum.NONE;
    for (PartFile.Whole part : whole) {
      add(part);
      sum = sum.plus(part.sum());
    }
    return sum;
  }

  /** Where rows come from that come to the driver. */
  @FunctionalInterface
  public interface Feed<E extends Exception> {
    void rows(Consumer<RowChange> to) throws E;
  }

  /** Writes the rows of a step that come to the driver, one after the other. */
  public <E extends Exception> DiffSum write(DiffShape shape, Feed<E> feed) throws E {
    try (PartFile part = new PartFile(place, shape, Integer.toString(written++))) {
      feed.rows(
          row -> {
            try {
              part.add(row);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      PartFile.Whole whole = part.end();
      add(whole);
      return whole.sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(PartFile.Whole part) {
    if (part.name() == null) {
      return;
    }
    try {
      if (!files.exists(place.path(part.name()))) {
        throw new UncheckedIOException(
            new IOException(
                "cannot write the diff to %s: an executor wrote a part of it on another machine; name a place that the driver and every executor reach, as a URI"
                    .formatted(target.given())));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(place.failure(e));
    }
    parts.add(part.name());
  }

  /** From here on the target has the rows of all steps so far. */
  public void putInPlace() {
    if (inPlace == parts.size()) {
      return;
    }
    try {
      if (target.directory()) {
        putParts();
      } else {
        putFile();
      }
      inPlace = parts.size();
    } catch (IOException e) {
      throw new UncheckedIOException(place.failure(e));
    }
  }

  private void putParts() throws IOException {
    if (inPlace < 0) {
      files.delete(target.path(), true);
      files.mkdirs(target.path());
    }
    for (int i = Math.max(0, inPlace); i < parts.size(); i++) {
      rename(place.path(parts.get(i)), new Path(target.path(), target.part(i)));
    }
  }

  /** Members of gzip may follow each other, as plain bytes may. */
  private void putFile() throws IOException {
    Path whole = place.path("whole");
    try (OutputStream out = files.create(whole, true)) {
      if (parts.isEmpty() || !target.format().head().isEmpty()) {
        String head = "head";
        try (var writer = place.writer(files, head)) {
          writer.write(target.format().head());
        }
        copy(place.path(head), out);
      }
      for (String part : parts) {
        copy(place.path(part), out);
      }
    }
    rename(whole, target.path());
  }

  private void copy(Path part, OutputStream out) throws IOException {
    try (InputStream in = files.open(part)) {
      in.transferTo(out);
    }
  }

  private void rename(Path from, Path to) throws IOException {
    if (target.isLocal()) {
      Files.move(
          DiffTarget.local(from),
          DiffTarget.local(to),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      return;
    }
    // Some file systems replace what is there, and others refuse.
    if (!files.rename(from, to) && !(files.delete(to, false) && files.rename(from, to))) {
      throw new IOException("cannot rename " + from + " to " + to);
    }
  }

  /** Takes away what it wrote beside the target. */
  @Override
  public void close() {
    try (FileSystem ours = files) {
      ours.delete(work, true);
    } catch (IOException e) {
      // The run is over, and what it said of the target holds.
      LOG.warn("cannot delete {}: {}", work, HadoopFiles.message(e));
    }
  }
}
