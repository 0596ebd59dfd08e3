package backfill;

import java.io.PrintStream;

/**
 * Whether somebody watches: the launcher says so, because Java can't ask about standard error
 * alone.
 */
final class Terminal {
  private Terminal() {}

  /** The stream where it is a terminal, else null. */
  static PrintStream of(PrintStream err) {
    return Boolean.getBoolean("backfill.terminal") ? err : null;
  }

  /** How long a line may be before it is broken: in a file it never is. */
  static int width() {
    return Boolean.getBoolean("backfill.terminal") ? columns() : Integer.MAX_VALUE;
  }

  /** How wide it is, in characters. */
  static int columns() {
    return Integer.getInteger("backfill.columns", 80);
  }
}
