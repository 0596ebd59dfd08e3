package backfill;

import backfill.postgres.ValueGroup;
import java.util.Arrays;
import java.util.stream.Collectors;

/** How the values of each PostgreSQL type are carried, for people. */
final class TypesText {
  private static final int WIDTH = 100;

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

  static String text() {
    return HEAD
        + Arrays.stream(ValueGroup.values())
            .map(
                group ->
                    "\n"
                        + folded("", group.typesInWords())
                        + folded("    in a query:  ", group.inQueries())
                        + folded("    it may do:   ", group.uses()))
            .collect(Collectors.joining())
            .stripTrailing();
  }

  /** Lines that break between words; what follows the first is indented like it. */
  private static String folded(String label, String words) {
    StringBuilder text = new StringBuilder(label);
    int column = label.length();
    for (String word : words.split(" ")) {
      if (column > label.length() && column + word.length() > WIDTH) {
        text.append("\n").append(" ".repeat(label.length()));
        column = label.length();
      }
      text.append(column > label.length() ? " " : "").append(word);
      column += word.length() + 1;
    }
    return text.append("\n").toString();
  }
}
