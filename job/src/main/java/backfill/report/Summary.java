package backfill.report;

import backfill.postgres.ledger.StepStatus;
import backfill.report.terminal.Folded;
import backfill.report.terminal.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The report for people: a table, or where that is too wide a block for each step, and what each
 * stage took.
 */
public final class Summary {
  private static final String[] HEAD = {
    "step",
    "planned",
    "present",
    "foreign",
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

  /** A column that only plans have whose steps own some rows of a table. */
  private static final int FOREIGN = 3;

  /** A column that only plans which delete have. */
  private static final int DELETED = 6;

  private Summary() {}

  /**
   * The table where it fits, else a block for each step; neither where nothing was counted yet.
   *
   * @param columns how wide a line may be, in characters
   */
  public static String text(Report report, int columns) {
    List<String[]> rows = rows(report);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s%s: %s in %s s (exit %d)",
            report.about().command(),
            report.about().plan().name() == null ? "" : " " + report.about().plan().name(),
            report.status(),
            seconds(report.timing().durationMs()),
            report.exitCode()));
    if (rows.stream().skip(1).anyMatch(Summary::isCounted)) {
      BitSet numbers = new BitSet();
      numbers.set(1, rows.get(0).length);
      new TextTable("  ", numbers, rows)
          .lines(columns)
          .forEach(line -> text.append(System.lineSeparator()).append(line));
      Folded.line("  " + stages(report), columns, columns, 4)
          .forEach(line -> text.append(System.lineSeparator()).append(line));
    }
    for (StepReport step : report.steps()) {
      text.append(GainsTable.text(step));
    }
    return text.toString();
  }

  /** What each stage took, of all steps together. */
  private static String stages(Report report) {
    return report.timing().stages().entrySet().stream()
        .map(stage -> stage.getKey() + " " + seconds(stage.getValue()))
        .collect(Collectors.joining(", ", "seconds: ", ""));
  }

  /** The head, and a row for each step. */
  private static List<String[]> rows(Report report) {
    List<String[]> rows = new ArrayList<>();
    boolean dry = !report.about().command().equals(Command.RUN.toString());
    String[] head = HEAD.clone();
    if (dry) {
      head[4] = "to insert";
      head[5] = "to set";
      head[DELETED] = "to delete";
    }
    rows.add(head);
    for (StepReport step : report.steps()) {
      rows.add(
          new String[] {
            step.status() == StepStatus.DONE
                ? step.name()
                : step.name() + " (" + step.status() + ")",
            number(step.planned()),
            number(present(step)),
            number(step.foreign()),
            number(dry ? step.toInsert() : step.inserted()),
            number(dry ? step.toUpdate() : step.updated()),
            number(dry ? step.toDelete() : step.deleted()),
            number(step.left()),
            number(step.rejected()),
            number(step.surplus()),
            number(step.missing()),
            number(step.cost().statements()),
            step.cost().durationMs() == null ? "" : seconds(step.cost().durationMs())
          });
    }
    TextTable.withoutEmpty(rows, DELETED);
    TextTable.withoutEmpty(rows, FOREIGN);
    return rows;
  }

  /** As the diff found them: those that another session was faster with are among those left. */
  private static Long present(StepReport step) {
    return step.alreadyPresent() == null || step.conflicts() == null
        ? step.alreadyPresent()
        : (Long) (step.alreadyPresent() - step.conflicts());
  }

  private static boolean isCounted(String[] row) {
    return Arrays.stream(row).skip(1).anyMatch(cell -> !cell.isEmpty());
  }

  private static String number(Long count) {
    return count == null ? "" : String.format(Locale.ROOT, "%,d", count);
  }

  private static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f", millis / 1000.0);
  }
}
