package backfill.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Notes that a run, or an undo, has in its report and in the ledger. */
final class LabelOption {
  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "A note for the report, NAME=VALUE or any text; repeatable.")
  List<String> texts = new ArrayList<>();
}
