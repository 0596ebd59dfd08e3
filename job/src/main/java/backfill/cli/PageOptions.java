package backfill.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which report is made into a page, and where that goes. */
final class PageOptions {
  @Parameters(
      index = "0",
      paramLabel = "REPORT",
      description = "A report of JSON: a path, or a URI that Hadoop reads.")
  String source;

  @Option(
      names = "--before",
      paramLabel = "REPORT",
      description = "An earlier report of the plan: the page says what differs from it.")
  String before;

  @Mixin ReportOption page;
}
