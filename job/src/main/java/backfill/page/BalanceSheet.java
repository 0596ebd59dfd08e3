package backfill.page;

import backfill.postgres.ledger.RunStatus;
import backfill.postgres.ledger.StepStatus;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What became of each step's planned rows: they are present, or written, or rejected, and nothing
 * is left over; and what verify found beside that.
 */
final class BalanceSheet {
  private static final List<String> HEAD =
      List.of(
          "Step",
          "Target",
          "Status",
          "Planned",
          "Present",
          "Added",
          "Set",
          "Rejected",
          "Residue",
          "Surplus",
          "Deleted",
          "Missing",
          "Took");

  private final JsonNode report;

  BalanceSheet(JsonNode report) {
    this.report = report;
  }

  Section section() {
    List<Block> blocks = new ArrayList<>();
    boolean dry = isDry();
    List<Block.TableRow> rows = new ArrayList<>();
    report.path("steps").forEach(step -> rows.add(row(step, dry)));
    if (rows.isEmpty()) {
      blocks.add(new Block.Text("No step was begun."));
      return new Section("balance", "Balance", blocks);
    }
    blocks.add(
        new Block.Text(
            (dry ? "Added, set and deleted are what a run would do. " : "")
                + "Planned = present + added + set + rejected + what is named below; the residue is what is left"
                + " over, and should be 0. Missing is what verify did not find."));
    blocks.add(new Block.Table(HEAD, 3, rows));
    notes(blocks);
    return new Section("balance", "Balance of each step", blocks);
  }

  private boolean isDry() {
    return report.path("status").asText().equals(RunStatus.DRY_RUN.toString())
        || List.of("plan", "check", "verify").contains(report.path("command").asText());
  }

  private static Block.TableRow row(JsonNode step, boolean dry) {
    JsonNode added = step.path(dry ? "toInsert" : "inserted");
    JsonNode set = step.path(dry ? "toUpdate" : "updated");
    JsonNode deleted = step.path(dry ? "toDelete" : "deleted");
    Long residue = residue(step, dry);
    boolean failed = is(step, StepStatus.FAILED) || is(step, StepStatus.REFUSED);
    boolean bad =
        failed
            || residue != null && residue != 0
            || step.path("missing").asLong() > 0
            || step.path("rejected").asLong() > 0;
    return new Block.TableRow(
        List.of(
            Numbers.text(step.path("name")),
            Numbers.text(step.path("target")),
            Numbers.text(step.path("status")),
            Numbers.count(step.path("planned")),
            Numbers.count(step.path(isUpdate(step) ? "unchanged" : "alreadyPresent")),
            Numbers.count(added),
            Numbers.count(set),
            Numbers.count(step.path("rejected")),
            residue == null ? Numbers.UNKNOWN : Numbers.count(residue),
            Numbers.count(step.path("surplus")),
            Numbers.count(deleted),
            Numbers.count(step.path("missing")),
            Numbers.millis(step.path("durationMs"))),
        bad);
  }

  private static boolean is(JsonNode step, StepStatus status) {
    return step.path("status").asText().equals(status.toString());
  }

  /** Whether rows are set, so that those which are right already are told apart. */
  private static boolean isUpdate(JsonNode step) {
    return step.path("unchanged").isNumber();
  }

  /**
   * What the sums that {@code help report} promises leave over; null where the step did not come so
   * far, and where its kind has no such sum.
   *
   * @param dry whether it is what a run would write that counts
   */
  static Long residue(JsonNode step, boolean dry) {
    String added = dry ? "toInsert" : "inserted";
    String set = dry ? "toUpdate" : "updated";
    boolean sets = step.path(set).isNumber();
    if (!step.path("planned").isNumber()
        || !is(step, StepStatus.DONE)
        || !sets && !step.path(added).isNumber()) {
      return null;
    }
    long left = step.path("planned").asLong() - of(step, "foreign", added, "rejected");
    // Of a step that sets, the conflicts are among the rows that were changed meanwhile.
    return left
        - (sets
            ? of(step, set, "unchanged", "absent", "changedMeanwhile")
            : of(step, "alreadyPresent"));
  }

  private static long of(JsonNode step, String... counts) {
    long sum = 0;
    for (String count : counts) {
      sum += step.path(count).asLong();
    }
    return sum;
  }

  private void notes(List<Block> blocks) {
    List<String> notes = new ArrayList<>();
    for (JsonNode step : report.path("steps")) {
      String name = step.path("name").asText();
      note(notes, name, step, "foreign", "keys that rows hold which are not the step's");
      note(notes, name, step, "absent", "keys that the target lacks");
      note(notes, name, step, "conflicts", "rows that another session added first");
      note(notes, name, step, "changedMeanwhile", "rows that were changed between read and write");
      note(notes, name, step, "addedMeanwhile", "rows justified since: the next run takes them");
      note(notes, name, step, "revokedMeanwhile", "rows written, and no longer justified");
      note(notes, name, step, "takenAway", "rows that the last run left, and that are gone now");
    }
    if (!notes.isEmpty()) {
      blocks.add(new Block.Items(notes));
    }
  }

  private static void note(
      List<String> notes, String step, JsonNode of, String count, String words) {
    if (of.path(count).asLong() > 0) {
      notes.add(step + ": " + Numbers.count(of.path(count)) + " " + words + " (" + count + ").");
    }
  }
}
