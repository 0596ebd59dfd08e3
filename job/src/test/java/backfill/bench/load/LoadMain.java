package backfill.bench.load;

import backfill.bench.BenchWords;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * Starts {@code load} or {@code soak}, as the first word says. Exit codes as those of {@code
 * job/bin/bench}.
 */
public final class LoadMain {
  private LoadMain() {}

  public static void main(String[] arguments) {
    System.exit(
        commandLine(arguments[0]).execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  static CommandLine commandLine(String word) {
    return BenchWords.of(word.equals("load") ? new LoadCommand() : new SoakCommand());
  }
}
