package backfill.report;

import backfill.postgres.ledger.HeldRun;
import backfill.postgres.ledger.LedgerStatus;
import backfill.report.terminal.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/** The runs of a ledger as a table. */
public final class StatusTable {
  private static final String[] HEAD = {
    "started",
    "run",
    "plan",
    "status",
    "step",
    "rows",
    "written",
    "rejected",
    "foreign",
    "rows/s",
    "s left",
    "held back by",
    "last commit",
    "where"
  };

  /** A column that only ledgers have with such rows. */
  private static final int FOREIGN = 8;

  /** Columns that only ledgers have with a run that writes now, and one that is held back. */
  private static final int LEFT = 10;

  private static final int HELD = 11;

  /** As much of a run's number as undo asks for. */
  private static final int SHORT_NUMBER = 8;

  private StatusTable() {}

  /**
   * A table where it fits, else a block for each run.
   *
   * @param width how long a line may be, in characters
   */
  public static List<String> lines(List<LedgerStatus.Run> runs, int width) {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEAD);
    for (LedgerStatus.Run run : runs) {
      rows.add(
          new String[] {
            run.began().started(),
            run.began().runId(),
            run.began().plan(),
            status(run),
            run.step(),
            number(run.counts().rows()),
            number(run.counts().changed()),
            number(run.counts().rejected()),
            run.counts().foreign() == 0 ? "" : number(run.counts().foreign()),
            run.rowsPerSecond() == null ? "" : number(run.rowsPerSecond()),
            run.held().secondsLeft() == null ? "" : number(run.held().secondsLeft()),
            held(run.held()),
            run.lastCommit(),
            run.began().host()
          });
    }
    if (runs.size() > 1) {
      rows.add(sum(runs));
    }
    BitSet numbers = new BitSet();
    numbers.set(5, LEFT + 1);
    for (int column : new int[] {HELD, LEFT, FOREIGN}) {
      int before = rows.get(0).length;
      TextTable.withoutEmpty(rows, column);
      if (rows.get(0).length < before && column <= LEFT) {
        numbers.clear(numbers.length() - 1);
      }
    }
    return new TextTable("", numbers, rows).lines(width);
  }

  private static String held(HeldRun held) {
    String bound = held.pace() == null ? "" : number(held.pace()) + " rows/s";
    return held.heldBy() == null
        ? bound
        : bound.isEmpty() ? held.heldBy() : bound + ", " + held.heldBy();
  }

  private static String status(LedgerStatus.Run run) {
    String undoes = run.undoing().undoes();
    return run.status()
        + (undoes == null ? "" : " (undoes " + undoes.substring(0, SHORT_NUMBER) + ")")
        + (run.undoing().undone() ? ", undone" : "");
  }

  /** Of the runs that are shown: the attempts of a backfill add up to its rows. */
  private static String[] sum(List<LedgerStatus.Run> runs) {
    String[] sum = new String[HEAD.length];
    Arrays.fill(sum, "");
    sum[0] = "all of these";
    sum[5] = number(runs.stream().mapToLong(run -> run.counts().rows()).sum());
    sum[6] = number(runs.stream().mapToLong(run -> run.counts().changed()).sum());
    sum[7] = number(runs.stream().mapToLong(run -> run.counts().rejected()).sum());
    return sum;
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
