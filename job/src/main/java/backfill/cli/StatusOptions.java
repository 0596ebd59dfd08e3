package backfill.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Of which runs the ledger is shown, and whose keys it forgets. */
final class StatusOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "PLAN",
      description = "Only this plan's runs; it also says where the ledger is.")
  String plan;

  @Option(
      names = "--prune",
      paramLabel = "DAYS",
      description =
          "Forgets the keys of runs that began so many days ago, as in 90d; these cannot be undone any more.")
  String prune;

  @Mixin CommonOptions common;
}
