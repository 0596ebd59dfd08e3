package backfill.spark.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * Small text files at a path, or at any URI that Hadoop knows, with the settings that spark-submit
 * was given.
 */
public final class HadoopFiles {
  /** A scheme has two letters at least: one alone is a drive. */
  private static final Pattern URI_TEXT = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  private static final int MOST_BYTES = 16 << 20;

  private HadoopFiles() {}

  /**
   * Whether a text is a URI rather than a path, as in {@code s3a://bucket/key} or {@code file:/a}.
   */
  public static boolean isUri(String text) {
    return URI_TEXT.matcher(text).matches();
  }

  /**
   * The whole file.
   *
   * @param name a path, or a URI
   * @throws IOException also where it is larger than any plan or report: a device has no end
   */
  public static byte[] read(String name) throws IOException {
    if (!isUri(name)) {
      try (InputStream in = Files.newInputStream(java.nio.file.Path.of(name))) {
        return whole(in);
      }
    }
    Path path = new Path(URI.create(name));
    try (FileSystem files = at(path);
        InputStream in = files.open(path)) {
      return whole(in);
    }
  }

  private static byte[] whole(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) {
      throw new IOException("it has more than %d MiB".formatted(MOST_BYTES >> 20));
    }
    return bytes;
  }

  /** Writes the file, over one that is there. */
  public static void write(String uri, String text) throws IOException {
    Path path = new Path(URI.create(uri));
    try (FileSystem files = toWrite(path);
        OutputStream out = files.create(path, true)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Whether a directory is there, which can't be written like a file.
   *
   * @throws IOException if nothing can be asked or written there, for want of a file system of this
   *     scheme for one
   */
  public static boolean isDirectory(String uri) throws IOException {
    Path path = new Path(URI.create(uri));
    try (FileSystem files = toWrite(path)) {
      return files.exists(path) && files.getFileStatus(path).isDirectory();
    }
  }

  /**
   * The file system that has a path, on the driver or an executor; the caller's to close. A local
   * one writes no checksums beside its files.
   */
  public static FileSystem at(Path path) throws IOException {
    SparkEnv engine = SparkEnv.get();
    try {
      FileSystem files =
          FileSystem.newInstance(
              path.toUri(),
              SparkHadoopUtil.get()
                  .newConfiguration(engine == null ? new SparkConf() : engine.conf()));
      files.setWriteChecksum(false);
      return files;
    } catch (RuntimeException e) {
      // Hadoop knows the scheme, and has not the classes for it; or what the URI names is no host.
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new IOException(
          root instanceof ClassNotFoundException
              ? "the connector for "
                  + path.toUri().getScheme()
                  + ":// is missing; add it by --packages or --jars of spark-submit"
              : root.getClass().getSimpleName() + ": " + root.getMessage(),
          e);
    }
  }

  /**
   * The same, to write there; the caller's to close.
   *
   * @throws IOException also if this file system can only be read, as those of http and https
   */
  public static FileSystem toWrite(Path path) throws IOException {
    FileSystem files = at(path);
    if (files.hasPathCapability(path, CommonPathCapabilities.FS_READ_ONLY_CONNECTOR)) {
      files.close();
      throw new IOException("what is at " + path.toUri().getScheme() + ":// can only be read");
    }
    return files;
  }

  /** What a failure says, in one line. */
  public static String message(IOException failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    return message
        .strip()
        .replaceAll("\\s*\\R.*", "")
        .replaceFirst("; For more details see:.*", "")
        .replaceAll("\\b(?:[a-z]\\w*\\.)*[A-Z]\\w*Exception: ", "");
  }
}
