package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every command that takes a plan knows. */
final class PlanOptions {
  @Parameters(
      paramLabel = "PLAN",
      description = "A shipped plan's name, a path, or a URI that Hadoop reads.")
  String plan;

  @Mixin CommonOptions common;

  @Option(names = "--only", paramLabel = "STEP", description = "Takes this step alone; repeatable.")
  List<String> only = new ArrayList<>();

  @Option(names = "--from", paramLabel = "STEP", description = "Begins with this step.")
  String from;

  @Option(names = "--until", paramLabel = "STEP", description = "Ends with this step.")
  String until;

  @Mixin LabelOption label;
}
