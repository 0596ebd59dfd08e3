package backfill.spark.diff;

import backfill.plan.Sha256;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The rows of one file by digests of what they would do, in temporary files of which each holds a
 * part of all digests: so much memory is enough as one part takes, however long the file is.
 */
final class RowBuckets implements AutoCloseable {
  static final int BUCKETS = 128;

  private final Path directory;
  private final DataOutputStream[] open = new DataOutputStream[BUCKETS];
  private long rows;

  private RowBuckets(Path directory) {
    this.directory = directory;
  }

  /**
   * One row.
   *
   * @param place in its file, from 0
   * @param step its place among the steps
   */
  record Entry(Digest digest, long place, int step) {}

  /** The first half of a SHA-256. */
  record Digest(long high, long low) {
    static Digest of(ReadRow row) {
      ByteBuffer bytes = ByteBuffer.wrap(Sha256.of(row.deed()));
      return new Digest(bytes.getLong(), bytes.getLong());
    }
  }

  /**
   * @param steps is given the steps that it meets
   */
  static RowBuckets of(DiffInput input, List<String> steps) throws IOException {
    RowBuckets buckets = new RowBuckets(Files.createTempDirectory("backfill-diff"));
    try (RowReader rows = input.rows()) {
      for (ReadRow row = rows.next(); row != null; row = rows.next()) {
        int step = steps.indexOf(row.step());
        if (step < 0) {
          step = steps.size();
          steps.add(row.step());
        }
        buckets.add(new Entry(Digest.of(row), buckets.rows++, step));
      }
      buckets.flush();
      return buckets;
    } catch (IOException | RuntimeException e) {
      buckets.close();
      throw e;
    }
  }

  private void add(Entry entry) throws IOException {
    int bucket = (int) (entry.digest().high() & BUCKETS - 1);
    if (open[bucket] == null) {
      open[bucket] =
          new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file(bucket))));
    }
    open[bucket].writeLong(entry.digest().high());
    open[bucket].writeLong(entry.digest().low());
    open[bucket].writeLong(entry.place());
    open[bucket].writeInt(entry.step());
  }

  private Path file(int bucket) {
    return directory.resolve(Integer.toString(bucket));
  }

  private void flush() throws IOException {
    for (DataOutputStream out : open) {
      if (out != null) {
        out.close();
      }
    }
  }

  long rows() {
    return rows;
  }

  /** What takes the rows of a bucket. */
  @FunctionalInterface
  interface Taker {
    void take(Entry entry);
  }

  /** Gives the rows of one bucket, in their order. */
  void read(int bucket, Taker to) throws IOException {
    if (open[bucket] == null) {
      return;
    }
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file(bucket))))) {
      while (true) {
        to.take(new Entry(new Digest(in.readLong(), in.readLong()), in.readLong(), in.readInt()));
      }
    } catch (EOFException e) {
      // All of them were read.
    }
  }

  @Override
  public void close() throws IOException {
    flush();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      Files.deleteIfExists(file(bucket));
    }
    Files.deleteIfExists(directory);
  }
}
