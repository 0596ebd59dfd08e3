package backfill.postgres.ledger;

import java.util.OptionalLong;

/**
 * What the writers of a run may do at this moment, as the run's row of the ledger says it: what
 * people asked for, and what the driver decided.
 *
 * @param paused whether none may begin a batch
 * @param rowsPerSecond of all writers together; empty where nothing bounds it
 * @param writers how many are at work
 * @param held a bit for each writer, by its number, that leaves its turn to the others
 */
public record Pacing(boolean paused, OptionalLong rowsPerSecond, int writers, long held) {
  /** Nothing holds them. */
  public static final Pacing FREE = new Pacing(false, OptionalLong.empty(), 1, 0);

  /** More writers have no bit of their own. */
  private static final int BITS = 64;

  /** Asks for it, as one column of text. */
  static String column(LedgerSlot slot) {
    return "(SELECT pg_catalog.concat(r.asked ->> 'paused', '|', r.pace ->> 'paused', '|',"
        + " r.asked ->> 'rowsPerSecond', '|', r.pace ->> 'rowsPerSecond', '|', r.pace ->> 'writers', '|',"
        + " r.pace ->> 'held') FROM "
        + slot.table("run")
        + " r WHERE r.run_id = '"
        + slot.runId()
        + "')";
  }

  /**
   * Reads the column.
   *
   * @param text null where the ledger does not have the run
   */
  public static Pacing parse(String text) {
    if (text == null) {
      return FREE;
    }
    String[] parts = text.split("\\|", -1);
    return new Pacing(
        parts[0].equals("true") || parts[1].equals("true"),
        least(rate(parts[2]), rate(parts[3])),
        parts[4].isEmpty() ? 1 : Math.max(1, Integer.parseInt(parts[4])),
        parts[5].isEmpty() ? 0 : Long.parseLong(parts[5]));
  }

  private static OptionalLong rate(String text) {
    return text.isEmpty() || text.equals(Asked.OFF)
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(text));
  }

  private static OptionalLong least(OptionalLong one, OptionalLong other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isPresent() ? one : other;
    }
    return OptionalLong.of(Math.min(one.getAsLong(), other.getAsLong()));
  }

  /** Whether this writer is to leave its turn to others. */
  public boolean holds(int writer) {
    return writer >= 0 && writer < BITS && (held >> writer & 1) == 1;
  }

  /** What one writer may write in a second; empty where nothing bounds it. */
  public OptionalLong share() {
    return rowsPerSecond.isEmpty()
        ? rowsPerSecond
        : OptionalLong.of(Math.max(1, rowsPerSecond.getAsLong() / writers));
  }
}
