package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command knows that reads a plan or the ledger. */
final class CommonOptions {
  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets one setting or params.NAME; repeatable.")
  List<String> sets = new ArrayList<>();

  @Option(
      names = "--quiet",
      description = "Says nothing but warnings and faults; the report and the last line stay.")
  boolean quiet;

  @Mixin ReportOption report;
}
