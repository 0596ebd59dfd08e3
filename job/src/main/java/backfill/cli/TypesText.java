package backfill.cli;

import backfill.postgres.catalog.ValueGroup;
import backfill.report.terminal.Folded;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** How the values of each PostgreSQL type are carried, for people. */
final class TypesText {
  private static final String HEAD =
      """
      A value is what the server says it is: it arrives as it was, or the run does not begin or does not go on.
      Two values are the same when the server takes them for equal. A column whose type the engine has no exact
      counterpart for travels as the server's own text, and a query that would take this text for a text, as
      max() of an enum or a join of two citext, is refused by preflight. What a query gives for a column must
      be of the column's type, or of one that it holds without loss; everything else needs a CAST.

      A key of the target may be of any type by which equal values are written alike, and of numeric, citext
      and char(n), for which the server gives a form of its own. Preflight names all others.
      """;

  private TypesText() {}

  /**
   * All of it.
   *
   * @param width how long a line may be, in characters
   */
  static String text(int width) {
    return HelpLayout.prose(HEAD.lines().toList(), width)
        + Arrays.stream(ValueGroup.values())
            .map(group -> "\n\n" + String.join("\n", lines(group, width)))
            .collect(Collectors.joining());
  }

  private static List<String> lines(ValueGroup group, int width) {
    List<String> lines = new ArrayList<>(Folded.line(group.typesInWords(), width, width, 0));
    lines.addAll(labelled("    in a query:  ", group.inQueries(), width));
    lines.addAll(labelled("    it may do:   ", group.uses(), width));
    return lines;
  }

  /** What follows the first line is indented like it. */
  private static List<String> labelled(String label, String words, int width) {
    return Folded.line(label + words, width, width, label.length());
  }
}
