package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is to be explained. */
final class ExplainOptions {
  @Parameters(
      paramLabel = "PLAN",
      description = "A shipped plan's name, a path, or a URI that Hadoop reads.")
  String plan;

  @Option(
      names = "--object",
      paramLabel = "KEY",
      description =
          "The object's key, of several columns as in 7,12; without --user, who has it is counted.")
  String object;

  @Option(
      names = "--user",
      paramLabel = "KEY",
      description =
          "The user's key, in the same way; without --object, what the user has is counted.")
  String user;

  @Option(
      names = "--key",
      paramLabel = "COLUMN=VALUE",
      description =
          "Instead of the two: a row of a step of rows; repeatable. Of a single column the value will do.")
  List<String> key = new ArrayList<>();

  @Option(
      names = "--step",
      paramLabel = "STEP",
      description = "Explains this step only; without it, each step of pairs, or of rows.")
  String step;

  @Option(
      names = "--limit",
      paramLabel = "NUMBER",
      defaultValue = "20",
      description = "Lists so many ways, and rows of each, at most; ${DEFAULT-VALUE} unless given.")
  int limit;

  @Option(names = "--sql", description = "Prints each statement that reads rows, as it was sent.")
  boolean sql;

  @Mixin CommonOptions common;
}
