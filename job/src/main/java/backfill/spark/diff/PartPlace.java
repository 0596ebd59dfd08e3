package backfill.spark.diff;

import backfill.spark.engine.HadoopFiles;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Serializable;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where executors write the parts of a diff, and how.
 *
 * @param given the target, for messages
 * @param directory a URI
 * @param headed whether each part begins as a file does
 */
record PartPlace(String given, String directory, DiffFormat format, boolean zipped, boolean headed)
    implements Serializable {

  static PartPlace of(DiffTarget target, Path work) {
    return new PartPlace(
        target.given(),
        work.toUri().toString(),
        target.format(),
        target.zipped(),
        target.directory());
  }

  Path path(String name) {
    return new Path(new Path(URI.create(directory)), name);
  }

  FileSystem files() throws IOException {
    return HadoopFiles.at(path("part"));
  }

  /** A text into a file of its own; its bytes are whole by themselves, zipped or not. */
  Writer writer(FileSystem files, String name) throws IOException {
    OutputStream out = files.create(path(name), true);
    return new BufferedWriter(
        new OutputStreamWriter(zipped ? new GZIPOutputStream(out) : out, StandardCharsets.UTF_8),
        1 << 16);
  }

  /** Says what could not be written; the deepest cause is what people are told. */
  IOException failure(IOException cause) {
    IOException failure =
        new IOException(
            "cannot write the diff to %s: %s; make room there, or name another target"
                .formatted(given, HadoopFiles.message(cause)));
    failure.addSuppressed(cause);
    return failure;
  }
}
