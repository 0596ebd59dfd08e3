package backfill.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is to be compared. */
final class ComparedFiles {
  @Parameters(index = "0", paramLabel = "A", description = "A path, or a URI that Hadoop reads.")
  String a;

  @Parameters(index = "1", paramLabel = "B", description = "The other one, of the same kind.")
  String b;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many rows of each are shown; 20 unless set.")
  int limit;

  @Mixin ReportOption report;
}
