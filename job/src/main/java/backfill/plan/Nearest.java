package backfill.plan;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Finds the known word that a mistyped one was probably meant to be. */
public final class Nearest {
  private static final int NAMED = 3;

  private Nearest() {}

  /** {@code "; did you mean WORD?"}, or nothing where no known word is close. Ends a sentence. */
  public static String hint(String word, Collection<String> known) {
    List<String> near = to(word, known);
    return near.isEmpty() ? "" : "; did you mean " + String.join(", ", near) + "?";
  }

  /** Those that are as close as any, the first few; never with all letters wrong. */
  private static List<String> to(String word, Collection<String> known) {
    int most = word.length() < 4 ? 1 : 2;
    TreeMap<Integer, List<String>> byDistance =
        known.stream()
            .distinct()
            .collect(
                Collectors.groupingBy(
                    candidate -> distance(word, candidate), TreeMap::new, Collectors.toList()));
    Map.Entry<Integer, List<String>> closest = byDistance.firstEntry();
    return closest == null || closest.getKey() > most || closest.getKey() >= word.length()
        ? List.of()
        : closest.getValue().stream().limit(NAMED).toList();
  }

  /**
   * Letters to add, drop, change or swap with their neighbour (optimal string alignment); case is
   * free.
   */
  private static int distance(String from, String to) {
    String a = from.toLowerCase(Locale.ROOT);
    String b = to.toLowerCase(Locale.ROOT);
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(cost[i - 1][j - 1] + change, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
