package backfill.report.terminal;

import java.io.PrintStream;
import java.util.function.Supplier;

/** A bar on a terminal that is drawn over itself, and gone before a line is written. */
public final class TerminalBar {
  private static final int LONGEST = 24;

  private final PrintStream terminal;
  private boolean shown;

  /**
   * @param terminal null for none: then nothing is drawn
   */
  public TerminalBar(PrintStream terminal) {
    this.terminal = terminal;
  }

  /**
   * Draws it anew.
   *
   * @param percent how much is done
   * @param done the same in words, which stand behind the bar
   */
  public void draw(long percent, Supplier<String> done) {
    if (terminal != null) {
      terminal.print("\r" + text(percent, done.get()) + "\033[K");
      terminal.flush();
      shown = true;
    }
  }

  /** In one line of the terminal: one that wraps cannot be drawn over. */
  private static String text(long percent, String done) {
    int room = Math.max(0, Terminal.columns() - 1);
    int width = Math.min(LONGEST, room - done.length() - "[] ".length());
    if (width < 1) {
      return done.substring(0, Math.min(done.length(), room));
    }
    int filled = (int) (width * percent / 100);
    return "[" + "=".repeat(filled) + " ".repeat(width - filled) + "] " + done;
  }

  public void clear() {
    if (shown) {
      terminal.print("\r\033[K");
      terminal.flush();
      shown = false;
    }
  }
}
