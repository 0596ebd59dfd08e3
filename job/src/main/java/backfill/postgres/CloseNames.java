package backfill.postgres;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Finds what somebody meant who mistyped a name. */
final class CloseNames {
  private CloseNames() {}

  /** {@code "; did you mean a, b?"}, or nothing where no name is close. */
  static String hint(String written, Collection<String> names) {
    int most = Math.max(1, written.length() / 4);
    List<String> close =
        names.stream()
            .filter(name -> distance(written, name) <= most)
            .sorted(Comparator.comparingInt(name -> distance(written, name)))
            .limit(3)
            .toList();
    return close.isEmpty()
        ? ""
        : close.stream().collect(Collectors.joining(", ", "; did you mean ", "?"));
  }

  /** Letters to add, drop or change, after Levenshtein; case is free. */
  private static int distance(String from, String to) {
    String a = from.toLowerCase(Locale.ROOT);
    String b = to.toLowerCase(Locale.ROOT);
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above[j], row[j - 1]) + 1);
      }
      above = row;
    }
    return above[b.length()];
  }
}
