package backfill;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The report as one table for people. */
final class Summary {
  private static final String[] HEAD = {
    "step",
    "planned",
    "present",
    "inserted",
    "set",
    "deleted",
    "left",
    "rejected",
    "surplus",
    "missing",
    "statements",
    "seconds"
  };

  /** A column that only plans which delete have. */
  private static final int DELETED = 5;

  private Summary() {}

  static String text(Report report) {
    List<String[]> rows = new ArrayList<>();
    boolean dry = !report.command.equals(Command.RUN.toString());
    String[] head = HEAD.clone();
    if (dry) {
      head[3] = "to insert";
      head[4] = "to set";
      head[DELETED] = "to delete";
    }
    rows.add(head);
    for (StepReport step : report.steps) {
      rows.add(
          new String[] {
            step.status.equals("done") ? step.name : step.name + " (" + step.status + ")",
            number(step.planned),
            number(step.alreadyPresent == null ? step.unchanged : step.alreadyPresent),
            number(dry ? step.toInsert : step.inserted),
            number(dry ? step.toUpdate : step.updated),
            number(dry ? step.toDelete : step.deleted),
            number(step.changedMeanwhile),
            number(step.rejected),
            number(step.surplus),
            number(step.missing),
            number(step.statements),
            step.durationMs == null
                ? ""
                : String.format(Locale.ROOT, "%.1f", step.durationMs / 1000.0)
          });
    }
    if (rows.stream().skip(1).allMatch(row -> row[DELETED].isEmpty())) {
      rows.replaceAll(Summary::withoutDeleted);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s %s: %s in %.1f s (exit %d)",
            report.command,
            report.plan,
            report.status,
            report.durationMs / 1000.0,
            report.exitCode));
    for (String[] row : rows) {
      text.append(System.lineSeparator()).append("  ");
      for (int i = 0; i < row.length; i++) {
        int width = width(rows, i);
        text.append(String.format(i == 0 ? "%-" + width + "s" : "  %" + width + "s", row[i]));
      }
    }
    for (StepReport step : report.steps) {
      if (step.gains != null) {
        text.append(GainsTable.text(step));
      }
    }
    return text.toString();
  }

  private static String[] withoutDeleted(String[] row) {
    List<String> cells = new ArrayList<>(List.of(row));
    cells.remove(DELETED);
    return cells.toArray(String[]::new);
  }

  private static int width(List<String[]> rows, int column) {
    return Math.max(1, rows.stream().mapToInt(row -> row[column].length()).max().orElse(1));
  }

  private static String number(Long count) {
    return count == null ? "" : String.format(Locale.ROOT, "%,d", count);
  }
}
