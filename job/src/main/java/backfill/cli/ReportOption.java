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
      description = "Writes the JSON report to a path, a Hadoop URI, or - ; repeatable.")
  List<String> targets = new ArrayList<>();

  @Mixin JsonOption json;
}
