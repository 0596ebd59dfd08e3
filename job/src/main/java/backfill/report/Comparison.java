package backfill.report;

import backfill.report.terminal.TextTable;
import backfill.spark.diff.ReadRow;
import backfill.spark.diff.RowComparison;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the command diff found, for programs and for people.
 *
 * @param different whether one would do what the other would not
 * @param found the report's keys, which the last line has, too
 * @param first the first rows that differ, for the report
 * @param rows what people are shown, under a head
 * @param sentence what people are told
 */
public record Comparison(
    boolean different,
    Map<String, Object> found,
    Map<String, List<ReadRow>> first,
    List<String[]> rows,
    String sentence) {
  private static final String[] HEAD = {"only in", "step", "event", "key", "after"};

  /** Of two files that {@code --diff} wrote. */
  public static Comparison of(RowComparison rows) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("kind", "rows");
    found.put("rowsInA", rows.a().rows());
    found.put("rowsInB", rows.b().rows());
    found.put("inBoth", rows.inBoth());
    found.put("onlyInA", rows.a().only());
    found.put("onlyInB", rows.b().only());
    found.put("steps", rows.steps());
    List<String[]> table = new ArrayList<>();
    table.add(HEAD);
    rows.a().first().forEach(row -> table.add(cells("A", row)));
    rows.b().first().forEach(row -> table.add(cells("B", row)));
    return new Comparison(
        rows.different(),
        found,
        Map.of("onlyInA", rows.a().first(), "onlyInB", rows.b().first()),
        table,
        rows.different()
            ? "different: %s in A only, %s in B only, %s in both"
                .formatted(
                    Sentences.rows(rows.a().only()),
                    Sentences.rows(rows.b().only()),
                    Sentences.rows(rows.inBoth()))
            : "equal: %s in both".formatted(Sentences.rows(rows.inBoth())));
  }

  private static String[] cells(String side, ReadRow row) {
    return new String[] {
      side,
      row.step(),
      row.event(),
      row.key().toString(),
      row.after() == null ? "" : row.after().toString()
    };
  }

  /** The table, where there is one, and the sentence. */
  public List<String> lines(int width) {
    List<String> lines = new ArrayList<>();
    if (rows.size() > 1) {
      lines.addAll(new TextTable("", new BitSet(), rows).lines(width));
    }
    lines.add(sentence);
    return lines;
  }
}
