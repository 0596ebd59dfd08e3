package backfill.testing;

import backfill.cli.CommandLineJob;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The recipes of {@code backfill help cookbook}, as that prints them. */
public final class TestingCookbook {
  private static final int LONGEST_TITLE = 40;

  private TestingCookbook() {}

  /** The plan of each, by its title. */
  public static Map<String, String> plans() {
    Map<String, String> plans = new LinkedHashMap<>();
    List<String> lines = (help() + "\n\n").lines().toList();
    String title = "";
    boolean within = false;
    for (int i = 1; i < lines.size() - 1; i++) {
      String line = lines.get(i);
      if (lines.get(i - 1).isEmpty() && isTitle(line) && lines.get(i + 1).isEmpty()) {
        title = line;
      }
      within = line.startsWith("    ") && (within || line.startsWith("    name = "));
      if (within) {
        plans.merge(title, line.substring(4) + "\n", String::concat);
      }
    }
    return plans;
  }

  public static boolean isTitle(String line) {
    return !line.isEmpty() && !line.startsWith(" ") && line.length() < LONGEST_TITLE;
  }

  private static String help() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    CommandLineJob.run(Map.of(), out, out, "help", "cookbook");
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
