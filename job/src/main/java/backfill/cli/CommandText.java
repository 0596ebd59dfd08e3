package backfill.cli;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A command line as someone would type it again. */
final class CommandText {
  /** How the launcher was called: what leads to it from the same directory. */
  private static final String LAUNCHER = "backfill.command";

  private static final Pattern PLAIN = Pattern.compile("[\\w@%+=:,./-]+");

  private CommandText() {}

  static String of(List<String> words) {
    return words.stream()
        .map(CommandText::quoted)
        .collect(Collectors.joining(" ", launcher() + " ", ""));
  }

  /** What starts the job again. */
  static String launcher() {
    return quoted(System.getProperty(LAUNCHER, "backfill"));
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
