package backfill.plan;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The plans that travel with the job, in its jar or in its directory of classes. */
final class Shipped {
  private static final String DIRECTORY = "plans";
  private static final String SUFFIX = ".conf";

  private Shipped() {}

  /** Names, sorted, from where this class itself came from. */
  static List<String> names() {
    try {
      return names(
          Path.of(Shipped.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the job's own jar has no readable location", e);
    }
  }

  /**
   * @param home a directory or a jar
   */
  static List<String> names(Path home) {
    try {
      if (Files.isDirectory(home)) {
        return list(home.resolve(DIRECTORY));
      }
      try (FileSystem jar = FileSystems.newFileSystem(home)) {
        return list(jar.getPath("/" + DIRECTORY));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list the shipped plans in " + home, e);
    }
  }

  private static List<String> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(SUFFIX))
          .map(file -> file.substring(0, file.length() - SUFFIX.length()))
          .sorted()
          .toList();
    }
  }

  static Optional<String> text(String name) {
    if (!Node.NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    String resource = DIRECTORY + "/" + name + SUFFIX;
    try (InputStream in = Shipped.class.getClassLoader().getResourceAsStream(resource)) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the shipped plan " + name, e);
    }
  }
}
