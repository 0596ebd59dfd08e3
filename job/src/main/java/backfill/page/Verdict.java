package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How the run ended, what that means, and which run it was. */
final class Verdict {
  private static final Map<Integer, String> MEANINGS =
      Map.ofEntries(
          Map.entry(0, "Done; or there was nothing to do, or the plan does not apply."),
          Map.entry(
              2,
              "The command line, the plan, a setting or the environment is wrong. Nothing was written."),
          Map.entry(
              3, "Not ready, or no connection. Nothing was written, or whole earlier steps were."),
          Map.entry(4, "Reading failed. What steps before it wrote stays, whole."),
          Map.entry(
              5,
              "A limit, an approval, a check or a hook refused the write. What steps before it wrote stays."),
          Map.entry(
              6, "Writing failed, or too many rows were rejected. The batches before are written."),
          Map.entry(7, "Verify found expected rows that are missing. Look before you run again."),
          Map.entry(
              8,
              "Done, but rows were rejected, within the limit, or an undo left some. All others are written."),
          Map.entry(70, "A bug of the job. The command verify tells the state."),
          Map.entry(75, "Another run holds the plan or one of its targets. Nothing was written."),
          Map.entry(130, "Stopped by Ctrl-C. The batches before are written."),
          Map.entry(143, "Stopped by SIGTERM or stop-after. The batches before are written."));

  private final JsonNode report;

  Verdict(JsonNode report) {
    this.report = report;
  }

  /** In a word: good, bad, or neither, as the colour of a page. */
  String mood() {
    int code = report.path("exitCode").asInt();
    int foreseen = report.path("wouldRefuse").asInt(code);
    return foreseen == 0 ? "good" : foreseen == 8 || foreseen >= 75 ? "fair" : "bad";
  }

  /** As the page's title. */
  String headline() {
    return "%s %s: %s"
        .formatted(
            Numbers.text(report.path("command")),
            Numbers.text(report.path("plan")),
            Numbers.text(report.path("status")));
  }

  /** What an exit code means, in a sentence or two. */
  static String meaning(int exitCode) {
    return MEANINGS.getOrDefault(exitCode, "Ended by the system, and not by the job.");
  }

  Section section() {
    List<Block> blocks = new ArrayList<>();
    int code = report.path("exitCode").asInt();
    blocks.add(new Block.Text("Exit code " + code + ". " + meaning(code)));
    if (report.path("wouldRefuse").isNumber()) {
      int refused = report.path("wouldRefuse").asInt();
      blocks.add(
          new Block.Text("A run would end with exit code " + refused + ". " + meaning(refused)));
    }
    JsonNode error = report.path("error");
    if (error.isObject()) {
      String step = error.path("step").isTextual() ? " " + error.path("step").asText() : "";
      String state =
          error.path("sqlState").isTextual()
              ? " (SQLSTATE " + error.path("sqlState").asText() + ")"
              : "";
      blocks.add(
          new Block.Text(
              "In "
                  + Numbers.text(error.path("stage"))
                  + step
                  + state
                  + ": "
                  + Numbers.text(error.path("message"))));
      blocks.add(
          new Block.Text(
              error.path("retryable").asBoolean()
                  ? "The same command may succeed later."
                  : "The same command fails again until something is mended."));
    }
    blocks.add(new Block.Table(List.of("What", "Value"), 2, facts()));
    databases(blocks);
    return new Section("verdict", "Verdict", blocks);
  }

  private List<Block.TableRow> facts() {
    List<Block.TableRow> facts = new ArrayList<>();
    facts.add(Block.TableRow.of("Run", Numbers.text(report.path("runId"))));
    facts.add(Block.TableRow.of("Plan's hash", Numbers.text(report.path("planHash"))));
    facts.add(Block.TableRow.of("Started", Numbers.text(report.path("startedAt"))));
    facts.add(Block.TableRow.of("Lasted", Numbers.millis(report.path("durationMs"))));
    each(report.path("params"), "Parameter ", facts);
    each(report.path("labels"), "Label ", facts);
    JsonNode approval = report.path("approval");
    if (approval.isObject()) {
      facts.add(
          Block.TableRow.of(
              "Approved",
              (approval.path("by").isTextual() ? "by " + approval.path("by").asText() + ", " : "")
                  + "from the dry run "
                  + Numbers.text(approval.path("runId"))
                  + " of "
                  + Numbers.text(approval.path("startedAt"))));
    }
    if (!report.path("countsExact").asBoolean(true)) {
      facts.add(
          new Block.TableRow(
              List.of("Counts", "not exact: a batch was tried again without a ledger"), true));
    }
    return facts;
  }

  private static void each(JsonNode values, String prefix, List<Block.TableRow> facts) {
    values
        .properties()
        .forEach(
            field ->
                facts.add(Block.TableRow.of(prefix + field.getKey(), field.getValue().asText())));
  }

  private void databases(List<Block> blocks) {
    List<Block.TableRow> rows = new ArrayList<>();
    report
        .path("databases")
        .properties()
        .forEach(
            field -> {
              JsonNode database = field.getValue();
              if (database.path("snapshots").isEmpty()) {
                rows.add(row(field.getKey(), database, null));
              }
              database
                  .path("snapshots")
                  .forEach(snapshot -> rows.add(row(field.getKey(), database, snapshot)));
            });
    if (!rows.isEmpty()) {
      blocks.add(
          new Block.Table(
              List.of("Database", "Server", "PostgreSQL", "User", "Snapshot", "LSN", "Held"),
              6,
              rows));
    }
  }

  private static Block.TableRow row(String name, JsonNode database, JsonNode snapshot) {
    return Block.TableRow.of(
        name,
        Numbers.text(snapshot == null ? database.path("server") : snapshot.path("server")),
        Numbers.text(database.path("version")),
        Numbers.text(database.path("user")),
        snapshot == null ? Numbers.UNKNOWN : Numbers.text(snapshot.path("at")),
        snapshot == null ? Numbers.UNKNOWN : Numbers.text(snapshot.path("lsn")),
        snapshot == null ? Numbers.UNKNOWN : Numbers.millis(snapshot.path("heldMs")));
  }
}
