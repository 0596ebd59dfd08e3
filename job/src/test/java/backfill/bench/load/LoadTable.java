package backfill.bench.load;

import backfill.bench.load.LoadResult.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An application's figures as people read them: on a terminal, and in the README. */
final class LoadTable {
  private static final String HEAD =
      "| beside the application | p50 ms | p99 ms | to none | per s | failed | backfill s |";
  private static final Pattern TABLE =
      Pattern.compile("^" + Pattern.quote(HEAD) + "\n(?:[|].*\n)*", Pattern.MULTILINE);

  private LoadTable() {}

  static String of(LoadResult result) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s on %s; %s%n%d clients, %,.0f transactions/s due, %,.0f/s with no pause between them%n",
            result.name(),
            result.machine(),
            result.pinned(),
            result.clients(),
            result.perSecond(),
            result.saturated()));
    text.append(
        String.format(
            "%-34s %5s %9s %9s %9s %10s %9s %8s %11s%n",
            "", "runs", "p50 ms", "p99 ms", "to none", "longest", "per s", "failed", "backfill s"));
    for (Row row : result.table()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-34s %5d %9.2f %9.2f %9s %10.1f %9.1f %8d %11s%n",
              row.beside().title(),
              row.runs(),
              row.p50Millis(),
              row.p99Millis(),
              ratio(row),
              row.longestMillis(),
              row.perSecond(),
              row.failed(),
              seconds(row)));
      if (row.failed() > 0) {
        text.append(String.format("  failed by SQLSTATE: %s%n", row.failures()));
      }
    }
    for (Row row : result.table()) {
      if (!row.beside().settings().isEmpty()) {
        text.append(
            String.format(
                "%s: %s%n", row.beside().title(), String.join(", ", row.beside().settings())));
      }
    }
    result.problems().forEach(problem -> text.append(String.format("PROBLEM: %s%n", problem)));
    if (!result.isReached()) {
      text.append(
          String.format(
              Locale.ROOT,
              "NOT REACHED: beside %s, p99 within %.0f times of that without, and none failed%n",
              Beside.THROTTLED.title(),
              LoadResult.MOST));
    }
    return text.toString();
  }

  /** The lines of a table in Markdown. */
  static List<String> markdown(LoadResult result) {
    List<String> lines = new ArrayList<>();
    lines.add(HEAD);
    lines.add("|---|---|---|---|---|---|---|");
    for (Row row : result.table()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "| %s | %.2f | %.1f | %s | %.0f | %d | %s |",
              row.beside().title(),
              row.p50Millis(),
              row.p99Millis(),
              ratio(row),
              row.perSecond(),
              row.failed(),
              seconds(row)));
    }
    return lines;
  }

  /** The same text with this table instead of the one that is there, of whatever figures. */
  static String replaced(String text, LoadResult result) {
    String table = String.join("\n", markdown(result)) + "\n";
    Matcher found = TABLE.matcher(text);
    if (!found.find()) {
      throw new IllegalArgumentException("the text has no table that begins with " + HEAD);
    }
    return found.replaceFirst(Matcher.quoteReplacement(table));
  }

  private static String ratio(Row row) {
    return row.toNothing() == null ? "–" : String.format(Locale.ROOT, "%.1f", row.toNothing());
  }

  private static String seconds(Row row) {
    return row.backfillSeconds() == null
        ? "–"
        : String.format(Locale.ROOT, "%.0f", row.backfillSeconds());
  }
}
