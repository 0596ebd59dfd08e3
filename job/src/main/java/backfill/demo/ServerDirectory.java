package backfill.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The temporary directory that holds one demo server's data and log. */
record ServerDirectory(Path path) {

  static ServerDirectory create() {
    try {
      return new ServerDirectory(Files.createTempDirectory("backfill-demo"));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot make a directory for the demo's PostgreSQL under "
              + System.getProperty("java.io.tmpdir"),
          e);
    }
  }

  Path data() {
    return path.resolve("data");
  }

  Path logFile() {
    return path.resolve("server.log");
  }

  /** What the server wrote so far; empty where it never got to write. */
  String log() {
    try {
      return Files.exists(logFile()) ? Files.readString(logFile()).strip() : "";
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + logFile(), e);
    }
  }

  /** A server that runs has this file; its end takes it away. */
  Path processFile() {
    return data().resolve("postmaster.pid");
  }

  /** The server's process: the first line of that file. */
  long processId() {
    try (Stream<String> lines = Files.lines(processFile())) {
      return Long.parseLong(lines.findFirst().orElseThrow().strip());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the demo's PostgreSQL no longer runs; its log is " + logFile(), e);
    }
  }

  void delete() {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + path, e);
    }
  }
}
