package backfill.report;

import backfill.report.terminal.Terminal;
import java.io.PrintStream;
import java.util.List;

/**
 * The line of JSON that ends standard output, for whatever program reads it: a person at a terminal
 * has the summary, and gets the line only when asking for it.
 */
public final class LastLine {
  private final PrintStream out;
  private final boolean wanted;

  /**
   * @param arguments the command line; it may be wrong
   */
  public LastLine(PrintStream out, List<String> arguments) {
    this.out = out;
    this.wanted = !Terminal.shows(out) || asked(arguments);
  }

  private static boolean asked(List<String> arguments) {
    for (int i = 0; i < arguments.size(); i++) {
      String word = arguments.get(i);
      if (word.equals("--json")
          || word.equals("--report=-")
          || word.equals("-") && i > 0 && arguments.get(i - 1).equals("--report")) {
        return true;
      }
    }
    return false;
  }

  public void print(Report report) {
    if (wanted) {
      out.println(ReportJson.line(report));
    }
  }
}
