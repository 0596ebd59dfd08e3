package backfill.membership.key;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A key of several columns as one text for people, {@code 7,ann}: its parts with a comma between
 * them, and a backslash before a comma or a backslash that is a part's own.
 */
public final class JoinedKey {
  private JoinedKey() {}

  /** The text of these parts; of a single one it is that one as it is. */
  public static String of(List<String> parts) {
    return parts.size() == 1
        ? parts.get(0)
        : parts.stream()
            .map(part -> part.replace("\\", "\\\\").replace(",", "\\,"))
            .collect(Collectors.joining(","));
  }

  /** The parts of a key of several columns, however many there are. */
  public static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next == '\\' && at + 1 < text.length()) {
        part.append(text.charAt(++at));
      } else if (next == ',') {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(next);
      }
    }
    parts.add(part.toString());
    return parts;
  }
}
