package backfill.page;

import backfill.postgres.ledger.RunStatus;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What to type next, which depends on what the command was and how it ended. */
final class NextCommands {
  /** The command line is wrong, or the servers are not ready. */
  private static final Set<Integer> NOT_READY = Set.of(2, 3);

  private final JsonNode report;
  private final String plan;
  private final List<String> lines = new ArrayList<>();

  private NextCommands(JsonNode report) {
    this.report = report;
    this.plan =
        word(isGiven() ? report.path("planGiven").asText() : report.path("plan").asText("PLAN"));
  }

  static Section section(JsonNode report) {
    NextCommands next = new NextCommands(report);
    switch (report.path("command").asText()) {
      case "run" -> next.afterRun();
      case "undo" -> next.afterUndo();
      default -> next.approvedRun();
    }
    next.lines.add("backfill explain " + next.plan + " --object OBJECT --user USER");
    next.lines.add("backfill status " + next.plan);
    return new Section(
        "next",
        "Next commands",
        List.of(
            new Block.Text(
                "With the options that this command had, such as --set and --only"
                    + (next.isGiven()
                        ? "."
                        : "; a plan that is not shipped is named by its file.")),
            new Block.Shell(next.lines)));
  }

  /** Whether the report knows how the command line named the plan: an old one may not. */
  private boolean isGiven() {
    return report.path("planGiven").isTextual();
  }

  private void afterRun() {
    if (NOT_READY.contains(report.path("exitCode").asInt())) {
      lines.add("backfill check " + plan + "    # every reason at once");
    } else if (report.path("status").asText().equals(RunStatus.REFUSED.toString())) {
      approvedRun();
    } else {
      lines.add("backfill run " + plan + "    # again: writes what is missing, and nothing twice");
    }
    lines.add("backfill verify " + plan);
    if (hasWritten()) {
      lines.add(
          "backfill undo "
              + report.path("runId").asText()
              + hooks()
              + "    # counts; with --execute it takes the run back");
    }
  }

  /** An undo calls what the plan has called only where it is told which plan that is. */
  private String hooks() {
    return isGiven() && !report.path("hooks").isEmpty() ? " --hooks " + plan : "";
  }

  private boolean hasWritten() {
    long written = 0;
    for (JsonNode step : report.path("steps")) {
      for (String count : List.of("inserted", "updated", "deleted")) {
        written += step.path(count).asLong();
      }
    }
    return written > 0;
  }

  private void afterUndo() {
    JsonNode undo = report.path("undo");
    if (undo.path("executed").asBoolean()) {
      lines.add("backfill run " + plan + "    # writes again what the sources justify");
    } else if (undo.isObject()) {
      lines.add("backfill undo " + undo.path("run").asText() + " --execute" + hooks());
    }
    lines.add("backfill verify " + plan);
  }

  private void approvedRun() {
    lines.add("backfill plan " + plan + " --report plan.json");
    lines.add("backfill run " + plan + " --approved plan.json --report run.html");
  }

  private static String word(String text) {
    return text.matches("[\\w@%+=:,./-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
