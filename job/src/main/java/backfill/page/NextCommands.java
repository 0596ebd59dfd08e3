package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What to type next. */
final class NextCommands {
  private NextCommands() {}

  static Section section(JsonNode report) {
    String plan = word(report.path("plan").asText("PLAN"));
    String run = report.path("runId").asText();
    List<String> lines = new ArrayList<>();
    if (report.path("command").asText().equals("run")) {
      lines.add("backfill run " + plan + "    # again: writes what is missing, and nothing twice");
      lines.add("backfill verify " + plan);
      lines.add("backfill undo " + run + "    # counts; with --execute it takes the run back");
    } else {
      lines.add("backfill plan " + plan + " --report plan.json");
      lines.add("backfill run " + plan + " --approved plan.json --report run.html");
    }
    lines.add("backfill explain " + plan + " --object OBJECT --user USER");
    lines.add("backfill status " + plan);
    return new Section("next", "Next commands", List.of(new Block.Shell(lines)));
  }

  private static String word(String text) {
    return text.matches("[\\w@%+=:,./-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
