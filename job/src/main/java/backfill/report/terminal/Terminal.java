package backfill.report.terminal;

import java.io.Console;
import java.io.PrintStream;

/**
 * Whether a person watches, and how wide the screen is. The launcher says it of each of the two
 * streams; without it Java knows only whether both of standard input and standard output are a
 * terminal.
 */
public final class Terminal {
  private static final String ERR = "backfill.terminal";
  private static final String OUT = "backfill.stdout-terminal";
  private static final int USUAL = 80;

  private Terminal() {}

  /** The stream where it is a terminal, else null. */
  public static PrintStream of(PrintStream err) {
    return Boolean.getBoolean(ERR) ? err : null;
  }

  /** How long a line may be before it is broken: in a file it never is. */
  public static int width() {
    return Boolean.getBoolean(ERR) ? columns() : Integer.MAX_VALUE;
  }

  /** Whether what is printed here goes to a screen, and to no program. */
  public static boolean shows(PrintStream out) {
    String told = System.getProperty(OUT);
    return told == null ? out == System.out && hasConsole() : Boolean.parseBoolean(told);
  }

  /** The same as {@link #width}, of standard output. */
  public static int width(PrintStream out) {
    return shows(out) ? columns() : Integer.MAX_VALUE;
  }

  /** How wide it is, in characters. */
  static int columns() {
    return Integer.getInteger("backfill.columns", USUAL);
  }

  /** Prints a line, broken between words where it is too long for the screen. */
  public static void say(PrintStream err, String line) {
    Folded.lines(line, width()).forEach(err::println);
  }

  /** From Java 22 on there is a console even where there is no terminal, and it can be asked. */
  private static boolean hasConsole() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
