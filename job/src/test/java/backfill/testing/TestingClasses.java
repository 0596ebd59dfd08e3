package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.Main;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The compiled classes of the job, in a folder or in a jar. */
public final class TestingClasses {
  private TestingClasses() {}

  /** Where they are. */
  public static Path place() throws URISyntaxException {
    return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** Their names, nested ones included. */
  public static List<String> names() throws IOException, URISyntaxException {
    if (Files.isDirectory(place())) {
      return names(place());
    }
    try (FileSystem jar = FileSystems.newFileSystem(place())) {
      return names(jar.getPath("/"));
    }
  }

  private static List<String> names(Path root) throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root.resolve("backfill"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
        String path = root.relativize(file).toString();
        names.add(path.substring(0, path.length() - ".class".length()).replace('/', '.'));
      }
    }
    assertThat(names).hasSizeGreaterThan(300);
    return names;
  }

  /** Their names without a package and the class around them, of those that have one. */
  public static List<String> simpleNames() throws IOException, URISyntaxException {
    return names().stream()
        .map(name -> name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1))
        .filter(name -> !Character.isDigit(name.charAt(0)))
        .toList();
  }

  /** The classes, none of them initialised. */
  public static List<Class<?>> all() throws IOException, URISyntaxException {
    List<Class<?>> classes = new ArrayList<>();
    for (String name : names()) {
      try {
        classes.add(Class.forName(name, false, TestingClasses.class.getClassLoader()));
      } catch (ClassNotFoundException e) {
        throw new AssertionError(name, e);
      }
    }
    return classes;
  }
}
