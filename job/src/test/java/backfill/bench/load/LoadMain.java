package backfill.bench.load;

import java.sql.SQLException;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * Starts {@code load} or {@code soak}, as the first word says. Exit codes as those of {@code
 * job/bin/bench}.
 */
public final class LoadMain {
  private static final int NO_SERVER = 3;

  private LoadMain() {}

  public static void main(String[] arguments) {
    System.exit(
        commandLine(arguments[0]).execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  /** Wrong words, and a server that cannot be had, end with a message and no stack trace. */
  static CommandLine commandLine(String word) {
    return new CommandLine(word.equals("load") ? new LoadCommand() : new SoakCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(
            (wrong, words) -> {
              wrong.getCommandLine().getErr().println("bench: " + wrong.getMessage());
              return CommandLine.ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (!(failure instanceof SQLException)) {
                throw failure;
              }
              command.getErr().println("bench: " + failure.getMessage());
              return NO_SERVER;
            });
  }
}
