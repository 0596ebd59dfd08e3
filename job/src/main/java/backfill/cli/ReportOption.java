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

  @Option(names = "--redact", description = "Leaves keys of rows out of what --report writes.")
  boolean redact;

  private String dryRun;

  @Mixin JsonOption json;

  /** A page says what differs from this dry run, which approved the run; null where none did. */
  void besides(String report) {
    dryRun = report;
  }

  /** The dry run that approved the run, as JSON, or null. */
  String dryRun() {
    return dryRun;
  }
}
