package backfill.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which running run is asked, and by whom. */
final class PaceOptions {
  @Parameters(
      index = "0",
      paramLabel = "PLAN",
      description = "The plan whose run is running: a shipped one's name, a path, or a URI.")
  String plan;

  @Option(
      names = "--by",
      paramLabel = "TEXT",
      description = "Who asks, beside the user of the machine and of the server; or why.")
  String by;

  @Mixin CommonOptions common;
}
