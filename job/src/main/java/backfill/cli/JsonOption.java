package backfill.cli;

import backfill.report.LastLine;
import picocli.CommandLine.Option;

/** Known to every command that ends with a line of JSON; {@link LastLine} acts upon it. */
final class JsonOption {
  @Option(
      names = "--json",
      description = "Prints the last line, of JSON, to a terminal too; elsewhere it always comes.")
  boolean json;
}
