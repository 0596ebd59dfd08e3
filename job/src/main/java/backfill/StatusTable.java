package backfill;

import backfill.postgres.LedgerStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The runs of a ledger as a table. */
final class StatusTable {
  private static final String[] HEAD = {
    "started",
    "run",
    "plan",
    "status",
    "step",
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
            run.step(),
            number(run.rows()),
            number(run.changed()),
            number(run.rejected()),
            number(run.rowsPerSecond()),
            run.lastCommit(),
            run.host()
          });
    }
    if (runs.size() > 1) {
      rows.add(sum(runs));
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        int column = i;
        int width = rows.stream().mapToInt(r -> r[column].length()).max().orElse(0);
        boolean count = i >= 5 && i <= 8;
        line.append(
            String.format(count ? "%" + width + "s  " : "%-" + Math.max(1, width) + "s  ", row[i]));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  /** Of the runs that are shown: the attempts of a backfill add up to its rows. */
  private static String[] sum(List<LedgerStatus.Run> runs) {
    String[] sum = new String[HEAD.length];
    Arrays.fill(sum, "");
    sum[0] = "all of these";
    sum[5] = number(runs.stream().mapToLong(LedgerStatus.Run::rows).sum());
    sum[6] = number(runs.stream().mapToLong(LedgerStatus.Run::changed).sum());
    sum[7] = number(runs.stream().mapToLong(LedgerStatus.Run::rejected).sum());
    return sum;
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
