package backfill;

import backfill.postgres.LedgerStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The runs of a ledger as a table. */
final class StatusTable {
  private static final String[] HEAD = {
    "started",
    "run",
    "plan",
    "status",
    "rows",
    "written",
    "rejected",
    "rows/s",
    "last commit",
    "where"
  };

  private StatusTable() {}

  static List<String> lines(List<LedgerStatus.Run> runs) {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEAD);
    for (LedgerStatus.Run run : runs) {
      rows.add(
          new String[] {
            run.started(),
            run.runId(),
            run.plan(),
            run.status(),
            number(run.rows()),
            number(run.changed()),
            number(run.rejected()),
            number(run.rowsPerSecond()),
            run.lastCommit(),
            run.host()
          });
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        int column = i;
        int width = rows.stream().mapToInt(r -> r[column].length()).max().orElse(0);
        boolean count = i >= 4 && i <= 7;
        line.append(
            String.format(count ? "%" + width + "s  " : "%-" + Math.max(1, width) + "s  ", row[i]));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
