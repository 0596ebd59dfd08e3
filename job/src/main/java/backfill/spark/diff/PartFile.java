package backfill.spark.diff;

import java.io.IOException;
import java.io.Serializable;
import java.io.Writer;
import java.util.Iterator;
import org.apache.hadoop.fs.FileSystem;

/**
 * One part of a diff on its way into a file of its own, which it gets with its first row. Used by
 * one thread, on an executor or on the driver.
 */
final class PartFile implements AutoCloseable {
  private final PartPlace place;
  private final DiffShape shape;
  private final String name;
  private final RowSum sum = new RowSum();
  private final StringBuilder line = new StringBuilder();
  private FileSystem files;
  private Writer writer;

  PartFile(PartPlace place, DiffShape shape, String name) {
    this.place = place;
    this.shape = shape;
    this.name = name;
  }

  /**
   * A part that is whole.
   *
   * @param name null where there is no row, and no file
   */
  record Whole(String name, DiffSum sum) implements Serializable {}

  /** A part of these rows. */
  static Whole write(PartPlace place, DiffShape shape, String name, Iterator<RowChange> rows)
      throws IOException {
    try (PartFile part = new PartFile(place, shape, name)) {
      while (rows.hasNext()) {
        part.add(rows.next());
      }
      return part.end();
    }
  }

  void add(RowChange row) throws IOException {
    sum.add(shape, row);
    line.setLength(0);
    place.format().write(shape, row, line);
    try {
      if (writer == null) {
        files = place.files();
        writer = place.writer(files, name);
        writer.write(place.headed() ? place.format().head() : "");
      }
      writer.append(line);
    } catch (IOException e) {
      throw place.failure(e);
    }
  }

  /** The part is whole. */
  Whole end() throws IOException {
    if (writer == null) {
      return new Whole(null, sum.sum());
    }
    try {
      writer.close();
    } catch (IOException e) {
      throw place.failure(e);
    }
    return new Whole(name, sum.sum());
  }

  /** What was begun and did not come to its end goes with the directory that it is in. */
  @Override
  public void close() throws IOException {
    try {
      if (writer != null) {
        writer.close();
      }
      if (files != null) {
        files.close();
      }
    } catch (IOException e) {
      throw place.failure(e);
    }
  }
}
