package backfill.bench;

import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * How each command of {@code job/bin/bench} takes its words: wrong ones, and a server that cannot
 * be had, end with a message and no stack trace.
 */
public final class BenchWords {
  private static final int NO_SERVER = 3;

  private BenchWords() {}

  public static CommandLine of(Callable<Integer> bench) {
    return new CommandLine(bench)
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

  /** What a command throws for words that are each right, and wrong together. */
  public static CommandLine.ParameterException refused(CommandSpec spec, String why) {
    return new CommandLine.ParameterException(spec.commandLine(), why);
  }
}
