package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Known to every command that writes a report, which ends with a line of JSON, too. */
final class ReportOption {
  @Option(
      names = "--report",
      paramLabel = "TARGET",
      description =
          "Writes the report to a path, a Hadoop URI, or - ; repeatable. A name that ends in .html or .md gets"
              + " a page for people, any other JSON.")
  List<String> targets = new ArrayList<>();

  @Option(
      names = "--redact",
      description = "Leaves out of what --report writes all that may name a row.")
  boolean redact;

  @Mixin JsonOption json;
}
