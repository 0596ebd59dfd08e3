package backfill.cli;

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
      names = "--hooks",
      paramLabel = "PLAN",
      description = "With --execute, calls the hooks of this plan, which is the run's.")
  String hooks;

  @Mixin LabelOption label;

  @Mixin CommonOptions common;
}
