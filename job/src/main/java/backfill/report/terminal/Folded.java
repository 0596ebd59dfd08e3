package backfill.report.terminal;

import java.util.ArrayList;
import java.util.List;

/** Text in lines of at most some width, broken between words; a word that is longer stays whole. */
public final class Folded {
  private Folded() {}

  /** Each line of a text on its own; what goes on below begins two characters further in. */
  public static List<String> lines(String text, int width) {
    List<String> folded = new ArrayList<>();
    for (String line : text.lines().toList()) {
      int indent = line.length() - line.stripLeading().length();
      folded.addAll(line(line, width, width, indent + 2));
    }
    return folded;
  }

  /**
   * One line.
   *
   * @param first how wide the first one may be
   * @param width how wide those that follow may be
   * @param hanging how far in these begin
   */
  public static List<String> line(String line, int first, int width, int hanging) {
    List<String> folded = new ArrayList<>();
    String rest = line;
    int room = first;
    String indent = "";
    while (rest.length() > room) {
      int end = breakOf(rest, room);
      if (end < 0) {
        break;
      }
      folded.add(indent + rest.substring(0, end).stripTrailing());
      rest = rest.substring(end).stripLeading();
      indent = " ".repeat(hanging);
      room = Math.max(1, width - hanging);
    }
    folded.add(indent + rest);
    return folded;
  }

  /** Where the last word ends that fits, or the first one; negative where there is none. */
  private static int breakOf(String text, int room) {
    int from = text.length() - text.stripLeading().length();
    int fits = text.lastIndexOf(' ', Math.max(0, room));
    return fits > from ? fits : text.indexOf(' ', Math.max(from, room));
  }
}
