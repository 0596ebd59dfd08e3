package backfill.cli;

import picocli.CommandLine.Option;

/** Known to the commands that find out which rows would be written. */
final class DiffOption {
  @Option(
      names = "--diff",
      paramLabel = "TARGET",
      description =
          "Writes every row that would be added, set or removed, and why, to a path or a Hadoop URI"
              + " (.jsonl or .csv, also with .gz).")
  String target;
}
