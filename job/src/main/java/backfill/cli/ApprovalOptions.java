package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.report.ApprovedReport;
import backfill.spark.diff.DiffInput;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a run may be approved by, and by whom. */
final class ApprovalOptions {
  private static final String APPROVED = "--approved";
  private static final String BY = "--approved-by";
  private static final String DIFF = "--approved-diff";

  @Option(
      names = APPROVED,
      paramLabel = "REPORT",
      description =
          "Does no more than the dry run whose --report this is: a path, or a URI that Hadoop reads.")
  String approved;

  @Option(
      names = BY,
      paramLabel = "TEXT",
      description = "Who approved that, for the ledger and the report.")
  String by;

  @Option(
      names = DIFF,
      paramLabel = "FILE",
      description =
          "What that dry run wrote with --diff: with approve = exact, the keys that differ are named.")
  String diff;

  /**
   * The report that approves the run; empty where none is named.
   *
   * @throws InvalidPlanException if it is none
   */
  Optional<ApprovedReport> read() {
    if (by != null && (approved == null || by.isBlank())) {
      throw new InvalidPlanException(
          BY,
          approved == null
              ? "says who approved a dry run, and --approved REPORT, which says what, is missing"
              : "is empty; name who approved the dry run, or leave it out");
    }
    if (approved == null) {
      if (diff != null) {
        throw new InvalidPlanException(DIFF, "is for --approved REPORT, which is missing; add it");
      }
      return Optional.empty();
    }
    ApprovedReport report =
        ApprovedReport.read(
            approved,
            ReportFile.read(approved, APPROVED, "the file that plan wrote with --report"),
            Optional.ofNullable(by).map(String::strip));
    return Optional.of(diff == null ? report : report.with(rows()));
  }

  private DiffInput rows() {
    DiffInput rows = DiffInput.of(diff);
    if (rows.kind() != DiffInput.Kind.ROWS) {
      throw new InvalidPlanException(
          DIFF + " " + diff, "is a report; name the file that plan wrote with --diff");
    }
    return rows;
  }
}
