package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which run is taken back, and whether it is. */
final class UndoOptions {
  @Parameters(
      paramLabel = "RUN",
      description = "The number of the run, as status shows it, or its first 8 characters.")
  String run;

  @Option(names = "--execute", description = "Writes; without it nothing is written.")
  boolean execute;

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "A note for the report, NAME=VALUE or any text; repeatable.")
  List<String> labels = new ArrayList<>();

  @Mixin CommonOptions common;
}
