package backfill.report;

import backfill.plan.Nearest;
import java.util.List;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is wrong with a command line: the word, and which one it was probably meant to be. */
public final class Misspelling {
  private Misspelling() {}

  public static String of(CommandLine.ParameterException mistake) {
    CommandLine command = mistake.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    if (!(mistake instanceof UnmatchedArgumentException unmatched)) {
      return mistake.getMessage() + "; see " + name + " --help";
    }
    String word = unmatched.getUnmatched().get(0);
    if (word.startsWith("-")) {
      return hasNo(
          name, "option", word, new TreeSet<>(command.getCommandSpec().optionsMap().keySet()));
    }
    return command.getSubcommands().isEmpty()
        ? name + " does not take the word " + word + "; see " + name + " --help"
        : hasNo(name, "command", word, new TreeSet<>(command.getSubcommands().keySet()));
  }

  /** The short forms are left out of the list: they are in the help. */
  private static String hasNo(String name, String what, String word, TreeSet<String> known) {
    known.removeIf(each -> each.matches("-\\w"));
    List<String> all = List.copyOf(known);
    return "%s has no %s %s; it has %s; see %s --help%s"
        .formatted(name, what, word, String.join(", ", all), name, Nearest.hint(word, all));
  }
}
