package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a command that is not a run answers: about runs, an undo, two files, a pair. */
final class CommandAnswer {
  private final JsonNode report;

  CommandAnswer(JsonNode report) {
    this.report = report;
  }

  /** Empty for a command that takes a plan's steps. */
  List<Section> sections() {
    List<Block> blocks = new ArrayList<>();
    undo(report.path("undo"), blocks);
    runs(blocks);
    comparison(report.path("comparison"), blocks);
    explained(blocks);
    asked(report.path("asked"), blocks);
    return blocks.isEmpty() ? List.of() : List.of(new Section("answer", "Answer", blocks));
  }

  private static void undo(JsonNode undo, List<Block> blocks) {
    if (!undo.isObject()) {
      return;
    }
    blocks.add(
        new Block.Text(
            (undo.path("executed").asBoolean()
                    ? "Taken back: run "
                    : "What would be taken back of run ")
                + undo.path("run").asText()
                + "."));
    List<Block.TableRow> writes = new ArrayList<>();
    List<Block.TableRow> left = new ArrayList<>();
    for (JsonNode write : undo.path("writes")) {
      writes.add(
          new Block.TableRow(
              cells(write, 3, "step", "target", "event", "rows", "takenBack", "already", "left"),
              write.path("left").asLong() > 0));
      for (JsonNode row : write.path("leftRows")) {
        left.add(
            Block.TableRow.of(
                write.path("step").asText(),
                Found.key(row.path("key")),
                Numbers.text(row.path("reason"))));
      }
    }
    table(
        blocks,
        List.of("Write", "Target", "Event", "Rows", "Taken back", "As before already", "Left"),
        3,
        writes);
    table(blocks, List.of("Write", "Row that is left", "Why"), 3, left);
    List<String> cannot = new ArrayList<>();
    undo.path("cannot").forEach(what -> cannot.add("Cannot come back: " + what.asText()));
    if (!cannot.isEmpty()) {
      blocks.add(new Block.Items(cannot));
    }
  }

  private void runs(List<Block> blocks) {
    if (!report.path("runs").isArray()) {
      return;
    }
    List<Block.TableRow> rows = new ArrayList<>();
    for (JsonNode run : report.path("runs")) {
      rows.add(
          new Block.TableRow(
              cells(
                  run,
                  5,
                  "runId",
                  "plan",
                  "status",
                  "started",
                  "step",
                  "rows",
                  "changed",
                  "rejected"),
              false));
    }
    blocks.add(new Block.Text("The newest runs that the ledger has, at most 20."));
    table(
        blocks,
        List.of("Run", "Plan", "Status", "Started", "Step", "Rows", "Changed", "Rejected"),
        5,
        rows);
  }

  private void comparison(JsonNode found, List<Block> blocks) {
    if (!found.isObject()) {
      return;
    }
    blocks.add(
        new Block.Text(
            report.path("different").asBoolean()
                ? "They differ."
                : "One would do what the other would do."));
    List<Block.TableRow> rows = new ArrayList<>();
    if (found.path("rowsInA").isNumber()) {
      rows.add(
          new Block.TableRow(
              cells(found, 0, "rowsInA", "onlyInA", "inBoth", "onlyInB", "rowsInB"), false));
    }
    table(blocks, List.of("Rows of A", "Only in A", "In both", "Only in B", "Rows of B"), 0, rows);
    List<Block.TableRow> differences = new ArrayList<>();
    for (JsonNode one : found.path("differences")) {
      differences.add(new Block.TableRow(cells(one, 4, "step", "what", "a", "b"), false));
    }
    table(blocks, List.of("Step", "What", "A", "B"), 4, differences);
  }

  /** In short: the chains, and what each run did, are what the command itself prints. */
  private void explained(List<Block> blocks) {
    List<Block.TableRow> rows = new ArrayList<>();
    for (JsonNode step : report.path("explained")) {
      rows.add(
          Block.TableRow.of(
              Numbers.text(step.path("step")),
              Numbers.text(step.path("object").path("value")),
              Numbers.text(step.path("user").path("value")),
              step.path("gives").isBoolean()
                  ? (step.path("gives").asBoolean() ? "yes" : "no")
                  : "–",
              Numbers.count(step.path("given").path("allWays")),
              Numbers.count(step.path("held").path("rows").path("rows"))));
    }
    table(
        blocks,
        List.of("Step", "Object", "User", "The sources give it", "Ways", "Rows held"),
        4,
        rows);
    if (report.path("explained").isTextual()) {
      blocks.add(
          new Block.Text("Every row of the answer is " + report.path("explained").asText() + "."));
    }
  }

  private static void asked(JsonNode asked, List<Block> blocks) {
    if (asked.isObject()) {
      List<Block.TableRow> rows = new ArrayList<>();
      asked
          .properties()
          .forEach(
              field -> rows.add(Block.TableRow.of(field.getKey(), Numbers.text(field.getValue()))));
      table(blocks, List.of("Asked", "Value"), 2, rows);
    }
  }

  private static List<String> cells(JsonNode of, int texts, String... keys) {
    List<String> cells = new ArrayList<>();
    for (String key : keys) {
      cells.add(cells.size() < texts ? Numbers.text(of.path(key)) : Numbers.count(of.path(key)));
    }
    return cells;
  }

  private static void table(
      List<Block> blocks, List<String> head, int texts, List<Block.TableRow> rows) {
    if (!rows.isEmpty()) {
      blocks.add(new Block.Table(head, texts, rows));
    }
  }
}
