package backfill.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a figure was measured on, as Linux says it. */
public final class Machine {
  private Machine() {}

  /**
   * Processors, also those that this process may not use, their kind and the memory; elsewhere than
   * on Linux only their kind.
   */
  public static String name() throws IOException {
    List<String> processors = fields("/proc/cpuinfo", "model name");
    List<String> memory = fields("/proc/meminfo", "MemTotal");
    if (processors.isEmpty() || memory.isEmpty()) {
      return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }
    long kib = Long.parseLong(memory.get(0).replaceAll("\\D", ""));
    return "%d × %s, %d GiB"
        .formatted(processors.size(), processors.get(0), Math.round(kib / 1048576.0));
  }

  private static List<String> fields(String file, String name) throws IOException {
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      return List.of();
    }
    return Files.readAllLines(path).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .toList();
  }
}
