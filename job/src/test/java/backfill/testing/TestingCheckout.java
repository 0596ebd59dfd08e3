package backfill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The source tree that the tests run in, whether Maven starts them in the module or an IDE above
 * it.
 */
public final class TestingCheckout {
  /** What tools leave behind: no part of the repository. */
  private static final Set<String> MADE =
      Set.of(".git", "target", ".idea", ".vscode", ".ipynb_checkpoints", "__pycache__");

  private TestingCheckout() {}

  /** The directory that holds {@code conf/} and {@code job/}. */
  public static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isRegularFile(directory.resolve("job/pom.xml"))) {
      directory = directory.getParent();
      if (directory == null) {
        throw new IllegalStateException(
            "the tests run in " + Path.of("").toAbsolutePath() + ", expected a checkout's job/");
      }
    }
    return directory;
  }

  /** Every file of the repository, as the tracked ones are where nothing lies about. */
  public static List<Path> files() {
    try (Stream<Path> all = Files.walk(root())) {
      return all.filter(file -> Files.isRegularFile(file) && isSource(root().relativize(file)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The lines of a text; none of a file that is not UTF-8, such as a picture. */
  public static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (MalformedInputException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSource(Path relative) {
    for (Path part : relative) {
      if (MADE.contains(part.toString())) {
        return false;
      }
    }
    return true;
  }
}
